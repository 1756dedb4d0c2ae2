/** The server that an attack is aimed at. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** As in `http://127.0.0.1:8080`. */
  readonly url: string;
}

/** How many of an attack's connections, streams or calls ended in which way. */
export type Outcome = Readonly<Record<string, number>>;

/** One kind of abuse: bounded in count and time; it ends, and leaves nothing open. */
export type Attack = (target: Target) => Promise<Outcome>;

/** The target at an address. */
export function targetAt(url: string): Target {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), url };
}

/** Counts equal endings. */
export function tally(endings: Iterable<string>): Outcome {
  const counts: Record<string, number> = {};
  for (const ending of endings) counts[ending] = (counts[ending] ?? 0) + 1;
  return counts;
}
