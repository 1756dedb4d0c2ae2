import { StreamQuotesRequestSchema, WatchQuotesRequestSchema } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { deriveRequestLimits, type RequestLimitsOptions } from "./transport/request/limits/derive-request-limits.ts";

/**
 * The largest request that opens a stream of quotes, in bytes. The rules of its fields allow a hundred times more. A
 * request that subscribes to 10,000 symbols of 64 bytes, pauses them and limits their rate names each symbol three
 * times, in 1.9 MiB.
 */
export const maxWatchRequestBytes = 2 * 1024 * 1024;

/** The limits that do not follow from the rules in the protos. */
export const ownLimits: RequestLimitsOptions = {
  messageBytes: {
    [WatchQuotesRequestSchema.typeName]: maxWatchRequestBytes,
    [StreamQuotesRequestSchema.typeName]: maxWatchRequestBytes,
  },
  // The proto has no length rule for this field, because the rule would be checked for each published quote. The
  // QuoteValidator rejects unknown symbols.
  textBytes: { "bourse.quote.v1.Quote.symbol": 256 },
};

/** Returns the limits of a method's request messages. */
export const requestLimits = deriveRequestLimits(ownLimits);
