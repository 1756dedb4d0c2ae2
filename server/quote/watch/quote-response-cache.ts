import type { Cursor, Quote, QuotePhase } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesResponse } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { share } from "../../transport/encoding/shared-message.ts";
import { cursorAt } from "./watch-start-position.ts";

/**
 * The number of slots. Streams that read at the same time end at nearby quotes, so that few responses replace each other.
 * More slots would use much memory.
 */
export const maxCachedResponses = 256;

// All responses share it. An object literal is much faster than create().
const noEvent: WatchQuotesResponse["event"] = { case: undefined };

/**
 * Creates the responses that contain quotes, so that the streams of the same symbols share one message: it returns the
 * cached response if another stream has requested the same quotes with the same cursor. From the second request on the
 * message is marked as shared, and its encoded bytes are kept.
 *
 * The cache is direct-mapped: the `seq` of the newest quote of a response selects its slot, and the response replaces the
 * one in that slot.
 */
export class QuoteResponseCache {
  // Not a Map: one that evicts entries rebuilds its table often, and an old table keeps its entries alive until a full
  // garbage collection.
  readonly #slots: (WatchQuotesResponse | undefined)[] = new Array(maxCachedResponses).fill(undefined);
  readonly #epoch: bigint;
  // The readers of one batch have the same cursor.
  #cursor: Cursor;
  #cursorSeq = 0;

  /** @param epoch the epoch of the log that contains the quotes */
  constructor(epoch: bigint) {
    this.#epoch = epoch;
    this.#cursor = cursorAt(epoch, 0);
  }

  /**
   * Returns a response, which must not be changed.
   *
   * @param quotes in the order of the log
   * @param seq the cursor of the stream after these quotes
   */
  responseFor(quotes: Quote[], seq: number, phase: QuotePhase): WatchQuotesResponse {
    const slot = Number(quotes.at(-1)?.seq ?? 0n) % maxCachedResponses;
    const cursor = this.#cursorAt(seq);
    const cached = this.#slots[slot];
    if (
      cached !== undefined &&
      cached.cursor?.seq === cursor.seq &&
      cached.phase === phase &&
      haveSameQuotes(cached.quotes, quotes)
    ) {
      return share(cached);
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

function haveSameQuotes(some: readonly Quote[], others: readonly Quote[]): boolean {
  return some.length === others.length && some.every((quote, index) => quote === others[index]);
}
