import type { Logger } from "pino";
import type { TickColumnMapping } from "../../../client/quote/tick-csv-columns.ts";
import type { MicroClock } from "../../../client/shared/micro-time.ts";
import type { QuoteFeed } from "./quote-feed.ts";
import { openReplayFeed } from "./replay-feed.ts";
import { simulatedFeed } from "./simulated-feed.ts";
import { testInstrument, testSymbolFeed } from "./test-symbol-quotes.ts";

/** Which feed the server runs. */
export type FeedSettings =
  | {
      readonly kind: "simulated";
      readonly seed: number;
      /** The number of instruments. */
      readonly instruments: number;
      /** Ticks per second of all instruments together. */
      readonly rate: number;
    }
  | {
      readonly kind: "replay";
      /** The path of a CSV file. */
      readonly file: string;
      /** A multiple of the original speed; Infinity: as fast as possible. */
      readonly speed: number;
      readonly loop: boolean;
      /** Whether the replay starts with the server or with the first subscriber. */
      readonly start: "now" | "subscriber";
      readonly columns?: TickColumnMapping;
    };

/**
 * Opens the configured feed and the feed of the test instrument. Leaves the latter out, with a warning in the log, if
 * the configured feed has an instrument of the same symbol. Rejects with a FeedError if the feed cannot be opened.
 */
export async function openConfiguredFeeds(settings: FeedSettings, now: MicroClock, log: Logger): Promise<QuoteFeed[]> {
  const feed = await openFeed(settings, now);
  if (feed.instruments.every(({ symbol }) => symbol !== testInstrument.symbol)) return [feed, testSymbolFeed({ now })];
  log.warn(
    { symbol: testInstrument.symbol },
    "the feed has an instrument with the symbol of the test instrument, which is left out",
  );
  return [feed];
}

function openFeed(settings: FeedSettings, now: MicroClock): Promise<QuoteFeed> | QuoteFeed {
  switch (settings.kind) {
    case "simulated": {
      const { seed, instruments, rate } = settings;
      return simulatedFeed({ now, seed, instruments, ticksPerSecond: rate });
    }
    case "replay": {
      const { file: path, speed, loop, columns } = settings;
      return openReplayFeed({ path, speed, loop, ...(columns && { columns }) });
    }
  }
}
