import type { PeerName } from "../peers/peers.ts";

/** What the numbers of a work are. */
export type WorkKind =
  /** Operations or megabytes a second: more is better. */
  | "rate"
  /** KB for each stream that is open and quiet: less is better. */
  | "memory"
  /** KB for each subscriber that has stopped reading, with all that it has: less is better. */
  | "backlog"
  /** Milliseconds: less is better. */
  | "delay"
  /** How many times longer a delay gets: less is better. */
  | "slowdown"
  /** Seconds until it is done: less is better. */
  | "time";

/** The load client of a work, and its arguments. */
export type Load =
  /** The load client in Go, which for some works has a stand-in in Node. */
  | {
      readonly client: "load";
      readonly work: string;
      readonly size: Sizes;
      readonly standIn: boolean;
      /** The peers that have what it is about. Absent: all have. */
      readonly servedBy?: readonly PeerName[];
    }
  /** What runs on Node: the Connect client, and scripts. */
  | { readonly client: "node"; readonly work: string; readonly size: Sizes; readonly servedBy?: readonly PeerName[] };

/** How much there is to do: messages, streams, calls or subscribers. */
export interface Sizes {
  readonly full: number;
  readonly quick: number;
}

/** One row of the table. */
export interface Work {
  readonly name: string;
  readonly kind: WorkKind;
  /** What a rate counts. */
  readonly unit: string;
  /** Absent: nothing serves it yet. */
  readonly load?: Load;
}
