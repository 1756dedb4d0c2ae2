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

/** The load client's part of a work: the client that does it, and what it is told. */
export type Load =
  /** The load client in Go, which for some works has a stand-in in Node. */
  | {
      readonly client: "load";
      readonly work: string;
      readonly size: Sizes;
      readonly standIn: boolean;
      /** Whether it is about the project's own quote service, which no other peer has. */
      readonly hubOnly?: boolean;
      /** Whether it is only for peers that store what is uploaded. */
      readonly storing?: boolean;
    }
  /** The Connect client for Node. */
  | { readonly client: "connect"; readonly size: Sizes };

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
