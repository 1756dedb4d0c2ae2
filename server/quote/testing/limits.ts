import type { FamilyLimits } from "../../shared/testing/family-limits.ts";
import { maxUnsavedCandles } from "../candle/candle-aggregator.ts";
import { maxInstruments } from "../feed/quote-feed.ts";
import { maxRejections } from "../hub/publish-quotes-handler.ts";
import { maxSubscribers, maxSubscriptions, subscriberLimit, subscriptionLimit } from "../hub/quote-hub.ts";
import { maxLoggedQuotes, maxLoggedSeconds } from "../log/memory-quote-log.ts";
import { maxWaitingQuotes } from "../watch/lossless-queue.ts";
import {
  maxQuotesInResponse,
  maxStartResultSymbols,
  maxWaitingResultSymbols,
  maxWaitingResults,
} from "../watch/quote-watch.ts";
import { maxSubscriptionsPerStream } from "../watch/watch-command-executor.ts";

export const familyLimits: FamilyLimits = {
  title: "Quotes",
  limits: [
    ["maxSubscribers", maxSubscribers, "streams of quotes, of all clients together", "RESOURCE_EXHAUSTED"],
    [
      "maxWaitingQuotes",
      maxWaitingQuotes,
      "pending quotes of a stream with the policy DISCONNECT, besides its snapshot",
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
  ],
  shared: [
    [subscriberLimit, "RESOURCE_EXHAUSTED"],
    [subscriptionLimit, "TOO_MANY for each further symbol"],
  ],
};
