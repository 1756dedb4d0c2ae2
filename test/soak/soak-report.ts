/** What the clients of a soak have seen since they began. */
export interface SoakReport {
  /** Subscribers that have got quotes. */
  readonly subscribers: number;
  readonly quotes: number;
  /** Quotes that are missing and that nothing explains. The first of them are in {@link problems}. */
  readonly gaps: number;
  /** Quotes that conflation has left out, and the server has counted. */
  readonly skipped: number;
  /** Streams that broke, or were closed, and were taken up again. */
  readonly reconnects: number;
  readonly calls: number;
  readonly uploads: number;
  readonly exports: number;
  /** The longest that the clients' own event loop was blocked since the report before, in milliseconds. */
  readonly lagMs: number;
  /** Everything that went wrong, a sentence each. */
  readonly problems: readonly string[];
}

/** How a soak is run. */
export interface SoakOrder {
  readonly url: string;
  readonly subscribers: number;
  /** The symbols of the market. */
  readonly symbols: readonly string[];
}
