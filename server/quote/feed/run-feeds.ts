import type { PublishTicks, QuoteFeed } from "./quote-feed.ts";

export interface FeedRun {
  readonly feeds: readonly QuoteFeed[];
  /** Takes what a feed publishes. */
  readonly publish: (feed: QuoteFeed) => PublishTicks;
  readonly signal: AbortSignal;
  /** A feed came to its end by itself. */
  readonly onEnd: (feed: QuoteFeed) => void;
  /** A feed failed. The others run on. */
  readonly onFailure: (feed: QuoteFeed, error: unknown) => void;
}

/** Runs feeds beside each other until all have ended, by themselves or by the signal. Never rejects. */
export async function runFeeds({ feeds, publish, signal, onEnd, onFailure }: FeedRun): Promise<void> {
  const run = async (feed: QuoteFeed) => {
    try {
      await feed.run(publish(feed), signal);
      if (!signal.aborted) onEnd(feed);
    } catch (error) {
      onFailure(feed, error);
    }
  };
  await Promise.all(feeds.map(run));
}
