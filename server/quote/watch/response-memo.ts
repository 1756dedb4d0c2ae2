import type { Cursor, Quote, QuotePhase } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesResponse } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { share } from "../../transport/encoding/shared-message.ts";
import { cursorAt } from "./watch-position.ts";

/**
 * How many responses are remembered: what the readers of a busy moment ask for. More would keep the memory of what the
 * log holds of each quote many times over.
 */
export const maxRememberedResponses = 256;

// Shared by all responses: one that is made in a literal costs a fraction of one that create() puts together.
const noEvent: WatchQuotesResponse["event"] = { case: undefined };

/**
 * Makes the responses that carry quotes. Where another stream was given one of the same quotes at the same place in the
 * log it gives that again, so that the subscribers of the same symbols get one message. From the second on it is encoded
 * once for all: the bytes of one that only a single stream gets are not kept. It remembers one for each newest quote.
 */
export class ResponseMemo {
  // By the place of the newest quote. An array, as a map that forgets is made anew all the time, and the old ones, once
  // they have grown old, keep all that they held until a full collection.
  readonly #slots: (WatchQuotesResponse | undefined)[] = new Array(maxRememberedResponses).fill(undefined);
  readonly #epoch: bigint;
  // What is published in one step comes to all its readers at the same place.
  #cursor: Cursor;
  #cursorSeq = 0;

  /** @param epoch the name of the life of the log that the quotes are in */
  constructor(epoch: bigint) {
    this.#epoch = epoch;
    this.#cursor = cursorAt(epoch, 0);
  }

  /**
   * @param quotes in the order of the log
   * @param seq the place in the log that the stream is at with them
   */
  responseFor(quotes: Quote[], seq: number, phase: QuotePhase): WatchQuotesResponse {
    const slot = Number(quotes.at(-1)?.seq ?? 0n) % maxRememberedResponses;
    const cursor = this.#cursorAt(seq);
    const known = this.#slots[slot];
    if (
      known !== undefined &&
      known.cursor?.seq === cursor.seq &&
      known.phase === phase &&
      haveSame(known.quotes, quotes)
    ) {
      return share(known);
    }
    const $typeName = "bourse.quote.v1.WatchQuotesResponse";
    const response: WatchQuotesResponse = { $typeName, quotes, phase, cursor, event: noEvent };
    this.#slots[slot] = response;
    return response;
  }

  #cursorAt(seq: number): Cursor {
    if (seq !== this.#cursorSeq) {
      this.#cursor = cursorAt(this.#epoch, seq);
      this.#cursorSeq = seq;
    }
    return this.#cursor;
  }
}

function haveSame(some: readonly Quote[], others: readonly Quote[]): boolean {
  return some.length === others.length && some.every((quote, at) => quote === others[at]);
}
