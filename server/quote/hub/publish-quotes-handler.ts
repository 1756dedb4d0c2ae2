import { create } from "@bufbuild/protobuf";
import { type RejectedQuote, RejectedQuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { PublishQuotesRequest } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { PublishTicks, Tick } from "../feed/quote-feed.ts";
import { type QuoteValidator, truncateSymbol } from "./quote-validator.ts";

/**
 * The maximum number of rejected quotes in a response, about 100 KB. The response has the first rejected quotes; later
 * ones are only counted.
 */
export const maxRejections = 1_000;

export interface PublishQuotesOptions {
  /** Shared by all calls, because it compares each quote with the newest quotes of all of them. */
  readonly validator: QuoteValidator;
  readonly publish: PublishTicks;
}

/** Handles PublishQuotes: publishes the valid quotes of each request when it arrives, and counts the others. */
export async function publishQuotes(
  requests: AsyncIterable<PublishQuotesRequest>,
  { validator, publish }: PublishQuotesOptions,
): Promise<{ accepted: bigint; rejected: bigint; rejections: RejectedQuote[] }> {
  let accepted = 0;
  let rejected = 0;
  const rejections: RejectedQuote[] = [];
  for await (const { quotes } of requests) {
    const ticks: Tick[] = [];
    for (const quote of quotes) {
      const result = validator.accept(quote);
      if (!("problem" in result)) {
        ticks.push(result);
        continue;
      }
      if (rejected < maxRejections) {
        const index = BigInt(accepted + ticks.length + rejected);
        rejections.push(create(RejectedQuoteSchema, { index, symbol: truncateSymbol(quote.symbol), ...result }));
      }
      rejected++;
    }
    if (ticks.length > 0) publish(ticks);
    accepted += ticks.length;
  }
  return { accepted: BigInt(accepted), rejected: BigInt(rejected), rejections };
}
