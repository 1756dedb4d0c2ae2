/** The server under attack. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** The URL, for example `http://127.0.0.1:8080`. */
  readonly url: string;
}

/** The number of an attack's connections, streams or calls for each ending. */
export type Outcome = Readonly<Record<string, number>>;

/** An attack, with limits of count and time. It closes all its connections. */
export type Attack = (target: Target) => Promise<Outcome>;

/** Creates the target with a URL. */
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
