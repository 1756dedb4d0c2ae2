import { create } from "@bufbuild/protobuf";
import { type RejectedQuote, RejectedQuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { PublishQuotesRequest } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { PublishTicks, Tick } from "../feed/quote-feed.ts";
import { type QuoteIntake, shownSymbol } from "./quote-intake.ts";

/** How many refused quotes an answer tells of, the first ones: 100 KB. The others are only counted. */
export const maxRejections = 1_000;

export interface PublishQuotesOptions {
  /** One for all calls: what another call brought in counts as there. */
  readonly intake: QuoteIntake;
  readonly publish: PublishTicks;
}

/** PublishQuotes: publishes what each request brings as soon as it is there, and counts. */
export async function publishQuotes(
  requests: AsyncIterable<PublishQuotesRequest>,
  { intake, publish }: PublishQuotesOptions,
): Promise<{ accepted: bigint; rejected: bigint; rejections: RejectedQuote[] }> {
  let accepted = 0;
  let rejected = 0;
  const rejections: RejectedQuote[] = [];
  for await (const { quotes } of requests) {
    const ticks: Tick[] = [];
    for (const quote of quotes) {
      const taken = intake.take(quote);
      if (!("problem" in taken)) {
        ticks.push(taken);
        continue;
      }
      if (rejected < maxRejections) {
        const index = BigInt(accepted + ticks.length + rejected);
        rejections.push(create(RejectedQuoteSchema, { index, symbol: shownSymbol(quote.symbol), ...taken }));
      }
      rejected++;
    }
    if (ticks.length > 0) publish(ticks);
    accepted += ticks.length;
  }
  return { accepted: BigInt(accepted), rejected: BigInt(rejected), rejections };
}
