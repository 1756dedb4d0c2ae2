import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { CursorSchema, QuotePhase } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { type WatchQuotesResponse, WatchQuotesResponseSchema } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { share } from "../transport/encoding/shared-message.ts";
import { toDuration, toTimestamp } from "./micro-time.ts";
import type { QuoteHub } from "./quote-hub.ts";
import type { QuoteSubscriber } from "./quote-subscriber.ts";
import type { QuoteSubscription, SubscribeOptions } from "./quote-subscription.ts";
import type { Every } from "./timers.ts";

/** How many quotes a response carries at most: some 60 KB, far below what a client takes as one message. */
export const maxQuotesInResponse = 500;

export interface QuoteWatchOptions extends SubscribeOptions {
  readonly hub: QuoteHub;
  readonly streamId: string;
  /** How often a heartbeat is due. */
  readonly heartbeatMillis: number;
  readonly every: Every;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

type Part = Omit<MessageInitShape<typeof WatchQuotesResponseSchema>, "$typeName" | "$unknown" | "cursor">;

/**
 * What one stream of quotes has to say, in order: that it has started, a snapshot, that it has caught up, and from
 * then on quotes and heartbeats. The stream asks for the next response whenever it can send one, so that a slow
 * reader is told of the state when it reads, not of the past.
 *
 * Dispose of it, however the stream ends: it leaves the hub and stops its timer. It does so by itself as soon as the
 * signal aborts, and then wakes its reader.
 */
export class QuoteWatch implements Disposable {
  readonly #hub: QuoteHub;
  readonly #signal: AbortSignal;
  readonly #subscriber: QuoteSubscriber;
  readonly #stopHeartbeats: () => void;
  readonly #release = () => this[Symbol.dispose]();
  #opening: Iterator<WatchQuotesResponse> | undefined;
  #heartbeatDue = false;
  #newest: WatchQuotesResponse | undefined;
  #sentCount = 0;
  #sentSeq = 0n;

  /** Subscribes. Throws what {@link QuoteHub.subscribe} throws. */
  constructor(options: QuoteWatchOptions) {
    this.#hub = options.hub;
    this.#signal = options.signal;
    const subscription = options.hub.subscribe(options);
    this.#subscriber = subscription.subscriber;
    this.#opening = this.#openingResponses(options.streamId, subscription);
    this.#stopHeartbeats = options.every(options.heartbeatMillis, () => {
      this.#heartbeatDue = true;
      this.#subscriber.wake();
    });
    // Not left to the stream: one that waits for its client to read would hold on to all this.
    options.signal.addEventListener("abort", this.#release);
  }

  /** How many quotes were handed over. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /**
   * The place in the log that the stream got to: 0 until the snapshot is complete, because a stream that breaks
   * before that has not told the state of any place.
   */
  get sentSeq(): bigint {
    return this.#sentSeq;
  }

  /**
   * The next response, where there is one at hand. Asking for it says that the one before was handed over.
   *
   * Throws the signal's reason once that has aborted, and a SlowReaderError where the reader was too slow.
   */
  next(): WatchQuotesResponse | undefined {
    this.#countNewest();
    this.#signal.throwIfAborted();
    this.#newest = this.#nextOpening() ?? this.#nextHeartbeat() ?? this.#nextQuotes();
    return this.#newest;
  }

  /** Resolves when there may be a next response, or `next` would throw. To be called right after `next` had none. */
  wait(): Promise<void> {
    return this.#subscriber.wait();
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#release);
    this.#stopHeartbeats();
    this.#subscriber[Symbol.dispose]();
    this.#opening = undefined;
  }

  #countNewest(): void {
    if (this.#newest === undefined) return;
    this.#sentCount += this.#newest.quotes.length;
    const opening = this.#opening !== undefined && this.#newest.event.case !== "caughtUp";
    if (!opening) this.#sentSeq = this.#newest.cursor?.seq ?? this.#sentSeq;
    this.#newest = undefined;
  }

  #nextOpening(): WatchQuotesResponse | undefined {
    const next = this.#opening?.next();
    if (next === undefined || !next.done) return next?.value;
    this.#opening = undefined;
    return undefined;
  }

  *#openingResponses(streamId: string, subscription: QuoteSubscription): Generator<WatchQuotesResponse, undefined> {
    const { seq, snapshot } = subscription;
    const subscriptions = [...subscription.subscriptions];
    yield this.#response(seq, { event: { case: "started", value: { streamId, subscriptions } } });
    for (let sent = 0; sent < snapshot.length; sent += maxQuotesInResponse) {
      const quotes = snapshot.slice(sent, sent + maxQuotesInResponse);
      yield this.#response(seq, { quotes, phase: QuotePhase.SNAPSHOT });
    }
    yield this.#response(seq, { event: { case: "caughtUp", value: {} } });
    return undefined;
  }

  #nextHeartbeat(): WatchQuotesResponse | undefined {
    if (!this.#heartbeatDue) return undefined;
    this.#heartbeatDue = false;
    const { queued, conflated, lagMicros, seq } = this.#subscriber;
    const newest = this.#hub.newestSourceTime;
    const value = {
      queued: BigInt(queued),
      conflated: BigInt(conflated),
      lag: toDuration(lagMicros),
      newestSourceTime: newest === undefined ? undefined : toTimestamp(newest),
    };
    return this.#response(seq, { event: { case: "heartbeat", value } });
  }

  #nextQuotes(): WatchQuotesResponse | undefined {
    const quotes = this.#subscriber.take(maxQuotesInResponse);
    if (quotes.length === 0) return undefined;
    const { seq } = this.#subscriber;
    return this.#hub.responses.responseFor(quotes, seq, () =>
      share(this.#response(seq, { quotes, phase: QuotePhase.LIVE })),
    );
  }

  #response(seq: bigint, part: Part): WatchQuotesResponse {
    const cursor = create(CursorSchema, { epoch: this.#hub.epoch, seq });
    return create(WatchQuotesResponseSchema, { ...part, cursor });
  }
}
