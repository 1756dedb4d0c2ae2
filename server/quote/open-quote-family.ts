import { randomBytes, randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { MicroClock } from "../../client/shared/micro-time.ts";
import { type Instrument, InstrumentSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { logRepeatedProblem } from "../logging/repeated-problem-log.ts";
import type { Database } from "../storage/sqlite/database.ts";
import { type LimitDefinition, SharedLimit } from "../transport/protection/shared-limit.ts";
import { CandleAggregator } from "./candle/candle-aggregator.ts";
import type { CandleTables } from "./candle/candle-tables.ts";
import { SqliteCandleStore } from "./candle/sqlite-candle-store.ts";
import { type FeedSettings, openConfiguredFeeds } from "./feed/open-configured-feeds.ts";
import type { PublishTicks, QuoteFeed } from "./feed/quote-feed.ts";
import { deferredFeed, runFeeds } from "./feed/run-feeds.ts";
import { QuoteHub, subscriberLimit, subscriptionLimit } from "./hub/quote-hub.ts";
import { quoteService } from "./quote-service.ts";

export interface QuoteSettings {
  readonly feed: FeedSettings;
  /** Symbols that PublishQuotes may quote in addition to those of the feed. */
  readonly instruments: readonly string[];
}

export interface OpenQuotesOptions {
  readonly settings: QuoteSettings;
  /** Stores candles. */
  readonly database: Pick<Database<CandleTables>, "tables" | "queries">;
  readonly now: MicroClock;
  readonly log: Logger;
  /** Receives the error of a feed that has failed; the other feeds keep running. */
  readonly onFeedFailure: (error: unknown) => void;
  /** Makes the limits that clients share. Default: limits that one client may use up. */
  readonly limit?: ((definition: LimitDefinition) => SharedLimit) | undefined;
}

/** Open quotes: the hub with its feeds and candles. Disposing of it stops the feeds and stores the last candles. */
export interface OpenQuotes extends AsyncDisposable {
  readonly hub: QuoteHub;
  readonly service: ServiceImpl<typeof QuoteService>;
  /** Starts the feeds, once. A replay that starts with the first subscriber waits for it. */
  startFeeds(): void;
  /** Stops the feeds. Resolves when none of them publishes any more; then the newest quotes remain. */
  stopFeeds(): Promise<void>;
}

/** Opens the feeds, the hub and the candles. Rejects with a FeedError if the configured feed cannot be opened. */
export async function openQuotes(options: OpenQuotesOptions): Promise<OpenQuotes> {
  const { settings, database, now, log, onFeedFailure } = options;
  const limit = options.limit ?? ((definition) => new SharedLimit(definition));
  const feeds = await openConfiguredFeeds(settings.feed, now, log);
  const instruments = allInstruments(feeds, settings.instruments);
  const hub = new QuoteHub({
    epoch: randomBytes(8).readBigUInt64BE(), // each start begins a new log
    now,
    instruments,
    subscriberLimit: limit(subscriberLimit),
    subscriptionLimit: limit(subscriptionLimit),
  });
  const symbols = instruments.map(({ symbol }) => symbol);
  const candles = await CandleAggregator.open(symbols, {
    store: new SqliteCandleStore(database.tables, database.queries),
    problem: logRepeatedProblem(log, {
      failed: "candles cannot be stored; they are kept in memory and stored later",
      over: "storing candles has resumed",
    }),
  });

  const publish = (ticks: Parameters<PublishTicks>[0], areBars = false) => {
    hub.publish(ticks);
    candles.add(ticks, areBars);
  };

  const stop = new AbortController();
  let running: Promise<void> | undefined;

  function startFeeds(): void {
    const [configured, ...others] = feeds;
    if (configured === undefined) return;
    const isDeferred = settings.feed.kind === "replay" && settings.feed.start === "subscriber";
    running ??= runFeeds({
      feeds: [isDeferred ? deferredFeed(configured, hub.firstSubscriber) : configured, ...others],
      publish: (feed) => (ticks) => publish(ticks, feed.areBars),
      signal: stop.signal,
      onEnd: () => log.info("the feed has ended; the newest quotes remain"),
      onFailure: (_feed, error) => {
        log.error({ err: error }, "the feed has failed; the newest quotes remain");
        onFeedFailure(error);
      },
    });
  }

  async function stopFeeds(): Promise<void> {
    stop.abort();
    await running;
  }

  return {
    hub,
    service: quoteService({ hub, candles, publish, newId: randomUUID }),
    startFeeds,
    stopFeeds,
    async [Symbol.asyncDispose]() {
      await stopFeeds();
      const { lateCount, lostCount } = candles;
      if (lateCount + lostCount > 0) log.info({ lateCount, lostCount }, "the candles do not contain all quotes");
      await candles[Symbol.asyncDispose]();
    },
  };
}

/** The instruments of the feeds, then those of the symbols that no feed has. */
function allInstruments(feeds: readonly QuoteFeed[], symbols: readonly string[]): Instrument[] {
  const fromFeeds = feeds.flatMap((feed) => feed.instruments);
  const known = new Set(fromFeeds.map(({ symbol }) => symbol));
  const others = symbols.filter((symbol) => !known.has(symbol));
  return [...fromFeeds, ...others.map((symbol) => create(InstrumentSchema, { symbol }))];
}
