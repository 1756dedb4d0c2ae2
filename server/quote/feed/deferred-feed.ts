import { once } from "node:events";
import type { QuoteFeed } from "./quote-feed.ts";

/** The same feed, which does not run before `begin` resolves. */
export function deferredFeed(feed: QuoteFeed, begin: Promise<void>): QuoteFeed {
  return {
    ...feed,
    async run(publish, signal) {
      if (signal.aborted) return;
      const begun = new AbortController();
      await Promise.race([begin, once(signal, "abort", { signal: begun.signal }).catch(() => {})]);
      begun.abort();
      await feed.run(publish, signal);
    },
  };
}
