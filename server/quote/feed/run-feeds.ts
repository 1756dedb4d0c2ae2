import { once } from "node:events";
import type { PublishTicks, QuoteFeed } from "./quote-feed.ts";

export interface RunFeedsOptions {
  readonly feeds: readonly QuoteFeed[];
  /** Returns the function that publishes the ticks of a feed. */
  readonly publish: (feed: QuoteFeed) => PublishTicks;
  readonly signal: AbortSignal;
  /** A feed has reached its end. Not called after the signal has aborted. */
  readonly onEnd: (feed: QuoteFeed) => void;
  /** A feed has failed. The other feeds keep running. */
  readonly onFailure: (feed: QuoteFeed, error: unknown) => void;
}

/** Runs feeds concurrently. Resolves when all have ended or failed, or have stopped because the signal has aborted. */
export async function runFeeds({ feeds, publish, signal, onEnd, onFailure }: RunFeedsOptions): Promise<void> {
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

/** Makes a feed that runs `feed` after `start` has resolved. */
export function deferredFeed(feed: QuoteFeed, start: Promise<void>): QuoteFeed {
  return {
    ...feed,
    async run(publish, signal) {
      if (signal.aborted) return;
      const started = new AbortController();
      await Promise.race([start, once(signal, "abort", { signal: started.signal }).catch(() => {})]);
      started.abort(); // removes the listener of `once`
      await feed.run(publish, signal);
    },
  };
}
