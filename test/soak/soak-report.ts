/** The observations of the clients since the start of the soak. */
export interface SoakReport {
  /** The number of subscribers that have received quotes. */
  readonly subscribers: number;
  readonly quotes: number;
  /** The number of missing quotes without an explanation. The first of them are in {@link problems}. */
  readonly gaps: number;
  /** The number of quotes that the server has skipped and reported. */
  readonly skipped: number;
  /** The number of resumed streams. */
  readonly reconnects: number;
  readonly calls: number;
  readonly uploads: number;
  readonly exports: number;
  /** The longest block of the clients' event loop since the last report, in milliseconds. */
  readonly lagMs: number;
  /** All problems, a sentence each. */
  readonly problems: readonly string[];
}

/** The settings of a soak. */
export interface SoakOrder {
  readonly url: string;
  readonly subscribers: number;
  /** The symbols of the market. */
  readonly symbols: readonly string[];
}
