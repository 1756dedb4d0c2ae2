import { StreamQuotesRequestSchema, WatchQuotesRequestSchema } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { deriveRequestLimits, type RequestLimitsOptions } from "./transport/request/limits/derive-request-limits.ts";

/**
 * The largest request that opens a stream of quotes, in bytes. The rules of its fields allow a hundred times more. 10,000
 * symbols of 64 bytes, named three times, have 1.9 MiB: watched, paused and with a rate.
 */
export const maxWatchRequestBytes = 2 * 1024 * 1024;

/** The limits that do not follow from the rules in the protos. */
export const ownLimits: RequestLimitsOptions = {
  messageBytes: {
    [WatchQuotesRequestSchema.typeName]: maxWatchRequestBytes,
    [StreamQuotesRequestSchema.typeName]: maxWatchRequestBytes,
  },
  // A rule would be checked for each published quote. The intake refuses a symbol that is no instrument.
  textBytes: { "bourse.quote.v1.Quote.symbol": 256 },
};

/** Returns the limits of a method's request messages. */
export const requestLimits = deriveRequestLimits(ownLimits);
