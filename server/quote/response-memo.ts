import type { Quote } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesResponse } from "../../gen/bourse/quote/v1/quote_service_pb.ts";

interface Remembered {
  readonly quotes: readonly Quote[];
  readonly seq: bigint;
  readonly response: WatchQuotesResponse;
}

/**
 * Finds the response that another stream was given for the same quotes at the same place in the log, so that the
 * subscribers of the same symbols get one message, which is encoded once. It remembers one for each newest quote, and
 * no longer than that is remembered elsewhere.
 */
export class ResponseMemo {
  readonly #byNewest = new WeakMap<Quote, Remembered>();

  /** @param quotes at least one, in the order of the log */
  responseFor(quotes: readonly Quote[], seq: bigint, make: () => WatchQuotesResponse): WatchQuotesResponse {
    const newest = quotes.at(-1);
    if (newest === undefined) return make();
    const known = this.#byNewest.get(newest);
    if (known !== undefined && known.seq === seq && haveSameMembers(known.quotes, quotes)) return known.response;
    const response = make();
    this.#byNewest.set(newest, { quotes, seq, response });
    return response;
  }
}

function haveSameMembers(some: readonly Quote[], others: readonly Quote[]): boolean {
  return some.length === others.length && some.every((quote, at) => quote === others[at]);
}
