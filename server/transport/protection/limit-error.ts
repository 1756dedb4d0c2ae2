import { Code } from "@connectrpc/connect";

/** A limit that a request has reached. */
export interface ReachedLimit {
  /** The name of its constant or of its setting, as in `maxExports`. */
  readonly name: string;
  /** How much is allowed: by the server, or by the share of one client. */
  readonly value: number;
}

/**
 * A request exceeds a limit. The message is for the client: it names what is limited, the limit, and what the client can
 * do. The code is RESOURCE_EXHAUSTED, or UNAVAILABLE if the same request succeeds later without a change.
 */
export class LimitError extends Error {
  override name = "LimitError";
  readonly limit: ReachedLimit;
  readonly code: Code.ResourceExhausted | Code.Unavailable;

  constructor(limit: ReachedLimit, message: string, code: LimitError["code"] = Code.ResourceExhausted) {
    super(message);
    this.limit = limit;
    this.code = code;
  }
}
