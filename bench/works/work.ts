/** What the numbers of a work are. */
export type WorkKind =
  /** Operations or megabytes a second: more is better. */
  | "rate"
  /** KB for each stream: less is better. */
  | "memory"
  /** Milliseconds: less is better. */
  | "delay";

/** The load client's part of a work: the client that does it, and what it is told. */
export type Load =
  /** The load client in Go, which for some works has a stand-in in Node. */
  | { readonly client: "load"; readonly work: string; readonly size: Sizes; readonly standIn: boolean }
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
