import type { Quote, QuotePhase } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesResponse } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { share } from "../transport/encoding/shared-message.ts";

/**
 * How many responses are remembered: what the readers of a busy moment ask for. More would keep the memory of what the
 * log holds of each quote many times over.
 */
export const maxRememberedResponses = 256;

interface Remembered {
  readonly quotes: readonly Quote[];
  readonly seq: number;
  readonly phase: QuotePhase;
  readonly response: WatchQuotesResponse;
}

/**
 * Finds the response that another stream was given for the same quotes at the same place in the log, so that the
 * subscribers of the same symbols get one message. From the second on it is encoded once for all: the bytes of one that
 * only a single stream gets are not kept. It remembers one for each newest quote.
 */
export class ResponseMemo {
  // By the place of the newest quote. An array, as a map that forgets is made anew all the time, and the old ones, once
  // they have grown old, keep all that they held until a full collection.
  readonly #slots: (Remembered | undefined)[] = new Array(maxRememberedResponses).fill(undefined);

  /** @param quotes at least one, in the order of the log */
  responseFor(
    quotes: readonly Quote[],
    seq: number,
    phase: QuotePhase,
    make: () => WatchQuotesResponse,
  ): WatchQuotesResponse {
    const newest = quotes.at(-1);
    if (newest === undefined) return make();
    const slot = Number(newest.seq) % maxRememberedResponses;
    const known = this.#slots[slot];
    if (known !== undefined && known.seq === seq && known.phase === phase && haveSameMembers(known.quotes, quotes)) {
      return share(known.response);
    }
    const response = make();
    this.#slots[slot] = { quotes, seq, phase, response };
    return response;
  }
}

function haveSameMembers(some: readonly Quote[], others: readonly Quote[]): boolean {
  return some.length === others.length && some.every((quote, at) => quote === others[at]);
}
