import { maxUnsavedCandles } from "../../../server/quote/candle/candle-book.ts";
import { maxInstruments } from "../../../server/quote/feed/quote-feed.ts";
import { maxRejections } from "../../../server/quote/hub/publish-quotes.ts";
import { maxSubscribers, maxSubscriptions } from "../../../server/quote/hub/quote-hub.ts";
import { maxLoggedQuotes, maxLoggedSeconds } from "../../../server/quote/log/memory-quote-log.ts";
import { maxWaitingQuotes } from "../../../server/quote/watch/lossless-queue.ts";
import {
  maxQuotesInResponse,
  maxStartResultSymbols,
  maxWaitingResultSymbols,
  maxWaitingResults,
} from "../../../server/quote/watch/quote-watch.ts";
import { maxSubscriptionsPerStream } from "../../../server/quote/watch/watch-commands.ts";

/** The limits of quotes. */
export const quoteLimits = [
  ["maxSubscribers", maxSubscribers, "streams of quotes, of all clients together", "RESOURCE_EXHAUSTED"],
  [
    "maxWaitingQuotes",
    maxWaitingQuotes,
    "pending quotes of a client with the policy DISCONNECT",
    "RESOURCE_EXHAUSTED, with the cursor in `bourse-cursor`",
  ],
  [
    "maxSubscriptionsPerStream",
    maxSubscriptionsPerStream,
    "subscriptions of one stream",
    "TOO_MANY for each further symbol",
  ],
  [
    "maxSubscriptions",
    maxSubscriptions,
    "subscriptions of all streams; fewer if they would take more than a fifth of the heap limit",
    "TOO_MANY for each further symbol",
  ],
  [
    "maxWaitingResults",
    maxWaitingResults,
    "pending command results of one stream",
    "UpdateWatch: RESOURCE_EXHAUSTED; StreamQuotes: back-pressure",
  ],
  [
    "maxWaitingResultSymbols",
    maxWaitingResultSymbols,
    "symbols of those results, before the next command is accepted",
    "the same",
  ],
  [
    "maxStartResultSymbols",
    maxStartResultSymbols,
    "symbols in the results of the commands of a request",
    "INVALID_ARGUMENT",
  ],
  [
    "maxLoggedQuotes",
    maxLoggedQuotes,
    "quotes in the log, from which streams resume",
    "evicted; a resume is OUT_OF_RANGE with the available range",
  ],
  ["maxLoggedSeconds", maxLoggedSeconds, "age of the oldest quote in the log, in seconds", "the same"],
  ["maxQuotesInResponse", maxQuotesInResponse, "quotes in one response", "the others are in the next response"],
  [
    "maxInstruments",
    maxInstruments,
    "instruments of all feeds and of `--instruments`; symbols of a request",
    "the server does not start; INVALID_ARGUMENT",
  ],
  ["maxRejections", maxRejections, "rejected quotes that PublishQuotes reports", "further ones are only counted"],
  [
    "maxUnsavedCandles",
    maxUnsavedCandles,
    "complete candles in memory if they cannot be stored",
    "further ones are lost",
  ],
] as const;
