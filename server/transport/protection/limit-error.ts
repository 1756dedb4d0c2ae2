/** A limit that is reached, and what of it is used. */
export interface ReachedLimit {
  /** The name of the limit, as in `maxExports`. */
  readonly name: string;
  /** What is counted, in the plural, as in `concurrent exports`. */
  readonly counted: string;
  /** Whether all clients together have reached it, or the one that asks has used its share. */
  readonly scope: "server" | "client";
  /** How much may be used: by all, or by the client. */
  readonly value: number;
  /** How much is used: by all, or by the client. */
  readonly used: number;
  /** How much more was asked for. */
  readonly requested: number;
  /** What the client can do. */
  readonly advice: string;
}

/** A limit on what clients use at a time is reached. The message is meant for the client; its code is RESOURCE_EXHAUSTED. */
export class LimitError extends Error {
  override name = "LimitError";
  readonly reached: ReachedLimit;

  constructor(reached: ReachedLimit) {
    super(messageOf(reached));
    this.reached = reached;
  }
}

function messageOf({ counted, scope, value, used, requested, advice }: ReachedLimit): string {
  const limit = `limit of ${format(value)} ${counted}${scope === "client" ? " per client" : ""} reached`;
  if (requested === 1) return `${limit}; ${advice}`;
  return `${limit}: ${format(used)} are in use, and ${format(requested)} more do not fit; ${advice}`;
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}
