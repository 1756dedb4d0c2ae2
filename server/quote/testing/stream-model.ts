import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect } from "vitest";
import {
  PauseMode,
  type Quote,
  QuotePhase,
  SlowReaderPolicy,
  WatchCommandSchema,
} from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesResponse } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { QuoteWatch } from "../watch/quote-watch.ts";

/** A quote of the model of the log, which is a list of all published quotes. */
export interface ModelQuote {
  readonly seq: number;
  readonly symbol: string;
  readonly instrumentSeq: number;
}

/** The newest received `instrument_seq` by symbol, over all streams of one client in one epoch. */
export type Received = Map<string, number>;

/** The model of one subscription. */
interface ModelSubscription {
  /** The `instrument_seq` before the first quote that it must receive. */
  readonly base: number;
  got: number;
  gotCount: number;
  paused: PauseMode;
  maxRate: number;
  /** Whether quotes may be skipped: it conflates, or has conflated. */
  mayMiss: boolean;
  /** When the last quote that counts for the rate limit was taken, in milliseconds. */
  takenAt: number;
  /** Whether the stream's cursor includes it. */
  covered: boolean;
}

type Command = NonNullable<MessageInitShape<typeof WatchCommandSchema>["command"]>;

export interface StreamModelOptions {
  readonly watch: QuoteWatch;
  readonly policy: SlowReaderPolicy;
  readonly maxRate: number;
  /** All quotes that were published in this epoch; grows. */
  readonly log: readonly ModelQuote[];
  readonly now: () => number;
  /** The cursor at which the stream was resumed. */
  readonly after?: number | undefined;
}

/** Reads a watch, and checks its responses against a simple model. */
export class StreamModel {
  readonly #options: StreamModelOptions;
  readonly #subscriptions = new Map<string, ModelSubscription>();
  #unconfirmed: WatchQuotesResponse | undefined;
  #caughtUp = false;
  /** Whether a replay may run while other symbols are live. */
  #replays: boolean;
  #conflated = 0;
  #skipped = 0;
  /** The number of skipped quotes in the command results of the stream. */
  #reportedSkipped = 0;
  /** Whether quotes were dropped by an unsubscribe, which does not count them. */
  #dropped = false;
  #cursor: number;
  /** The quotes that the client has received for certain: it may lose the newest response when the stream breaks. */
  readonly received: Received;

  constructor(options: StreamModelOptions, symbols: readonly string[], received: Received) {
    this.#options = options;
    this.#cursor = options.after ?? 0;
    this.#replays = options.after !== undefined;
    this.received = received;
    for (const symbol of symbols) this.#begin(symbol, options.maxRate, options.after);
  }

  /** Requests the next response, and checks it. Returns false if none is available. */
  read(): boolean {
    const response = this.#options.watch.next();
    this.#confirm();
    this.#checkCursor(Number(this.#options.watch.sentSeq));
    if (response === undefined) return false;
    const cursor = Number(response.cursor?.seq);
    expect(cursor).toBeGreaterThanOrEqual(this.#cursor);
    expect(cursor).toBeLessThanOrEqual(this.#options.log.length);
    this.#cursor = cursor;
    this.#unconfirmed = response;
    for (const quote of response.quotes) this.#take(quote, response.phase);
    if (response.event.case === "caughtUp") this.#caughtUp = true;
    if (response.event.case === "heartbeat") this.#conflated = Number(response.event.value.conflated);
    if (response.event.case === "commandResult") {
      for (const { skipped } of response.event.value.subscriptions) this.#reportedSkipped += Number(skipped);
    }
    return true;
  }

  drain(): void {
    while (this.read());
  }

  /** Breaks the stream, with or without the newest response. Returns the cursor at which the client can resume. */
  break(newestArrived: boolean): number {
    const { watch } = this.#options;
    watch[Symbol.dispose]();
    if (!newestArrived || this.#unconfirmed === undefined) return Number(watch.sentSeq);
    this.#confirm();
    this.#checkCursor(this.#cursor);
    return this.#cursor;
  }

  subscribe(symbols: readonly string[], maxRate: number | undefined): void {
    this.#run({ case: "subscribe", value: { symbols: [...symbols], maxRate } });
    for (const symbol of symbols) this.#begin(symbol, maxRate ?? this.#options.maxRate, undefined, false);
  }

  unsubscribe(symbols: readonly string[]): void {
    this.#run({ case: "unsubscribe", value: { symbols: [...symbols] } });
    for (const symbol of symbols) this.#dropped = this.#subscriptions.delete(symbol) || this.#dropped;
  }

  pause(symbols: readonly string[], mode: PauseMode): void {
    this.#run({ case: "pause", value: { symbols: [...symbols], mode } });
    for (const subscription of this.#subscriptionsOf(symbols)) {
      if (subscription.paused !== PauseMode.UNSPECIFIED) continue;
      subscription.paused = mode;
      if (mode === PauseMode.CONFLATE) subscription.mayMiss = true;
      else this.#replays = true;
    }
  }

  resume(symbols: readonly string[]): void {
    const skipped = this.#run({ case: "resume", value: { symbols: [...symbols] } });
    for (const subscription of this.#subscriptionsOf(symbols)) {
      if (subscription.paused === PauseMode.REPLAY) this.#caughtUp = false;
      subscription.paused = PauseMode.UNSPECIFIED;
    }
    for (const { symbol, skipped: count } of skipped) {
      const subscription = this.#subscriptions.get(symbol);
      if (subscription !== undefined && count > 0n) subscription.mayMiss = true;
      this.#skipped += Number(count);
    }
  }

  setRate(symbols: readonly string[], maxRate: number | undefined): void {
    this.#run({ case: "setRate", value: { symbols: [...symbols], maxRate } });
    for (const subscription of this.#subscriptionsOf(symbols)) {
      subscription.maxRate = maxRate ?? 0;
      subscription.takenAt = Number.NEGATIVE_INFINITY;
      if (subscription.maxRate > 0) subscription.mayMiss = true;
    }
  }

  /** Resumes everything, reads all, and checks that the missing quotes are those that were counted. */
  settle(waitForHeartbeat: () => void): void {
    this.resume(["*"]);
    this.setRate(["*"], undefined);
    this.drain();
    waitForHeartbeat();
    this.drain();
    expect(this.#caughtUp).toBe(true);
    let missed = 0;
    for (const [symbol, subscription] of this.#subscriptions) {
      expect([symbol, subscription.got]).toEqual([symbol, this.#countOf(symbol, Number.POSITIVE_INFINITY)]);
      missed += subscription.got - subscription.base - subscription.gotCount;
    }
    expect(Number(this.#options.watch.sentSeq)).toBe(this.#options.log.length);
    expect(this.#reportedSkipped).toBe(this.#skipped);
    if (this.#dropped) expect(missed).toBeLessThanOrEqual(this.#conflated + this.#skipped);
    else expect(missed).toBe(this.#conflated + this.#skipped);
  }

  #run(command: Command) {
    return this.#options.watch.command(create(WatchCommandSchema, { command })).subscriptions;
  }

  #begin(symbol: string, maxRate: number, after?: number, covered = true): void {
    const count = this.#countOf(symbol, Number.POSITIVE_INFINITY);
    if (symbol === "UNKNOWN" || this.#subscriptions.has(symbol)) return;
    const base = after === undefined ? Math.max(0, count - 1) : this.#countOf(symbol, after);
    this.#subscriptions.set(symbol, {
      base,
      got: base,
      gotCount: 0,
      paused: PauseMode.UNSPECIFIED,
      maxRate,
      mayMiss: this.#options.policy !== SlowReaderPolicy.DISCONNECT || maxRate > 0,
      takenAt: Number.NEGATIVE_INFINITY,
      covered: covered || count === 0,
    });
  }

  #take(quote: Quote, phase: QuotePhase): void {
    const subscription = this.#subscriptions.get(quote.symbol);
    const instrumentSeq = Number(quote.instrumentSeq);
    if (subscription === undefined) throw new Error(`${quote.symbol} was sent without a subscription`);
    expect(subscription.paused).toBe(PauseMode.UNSPECIFIED);
    expect(this.#options.log[Number(quote.seq) - 1]).toEqual({
      seq: Number(quote.seq),
      symbol: quote.symbol,
      instrumentSeq,
    });
    if (subscription.mayMiss) expect(instrumentSeq).toBeGreaterThan(subscription.got);
    else expect(instrumentSeq).toBe(subscription.got + 1);
    if (phase === QuotePhase.LIVE && !this.#replays) expect(this.#caughtUp).toBe(true);
    if (phase === QuotePhase.SNAPSHOT) expect(subscription.gotCount).toBe(0);
    if (phase !== QuotePhase.REPLAY) this.#checkRate(subscription);
    subscription.got = instrumentSeq;
    subscription.gotCount++;
  }

  #checkRate(subscription: ModelSubscription): void {
    const now = this.#options.now();
    if (subscription.maxRate > 0)
      expect(now - subscription.takenAt).toBeGreaterThanOrEqual(1_000 / subscription.maxRate - 0.001);
    subscription.takenAt = now;
  }

  /** Records that the newest response has arrived. */
  #confirm(): void {
    for (const { symbol, instrumentSeq } of this.#unconfirmed?.quotes ?? []) {
      this.received.set(symbol, Math.max(this.received.get(symbol) ?? 0, Number(instrumentSeq)));
      const subscription = this.#subscriptions.get(symbol);
      if (subscription !== undefined) subscription.covered = true;
    }
    this.#unconfirmed = undefined;
  }

  /** Checks that each quote up to the cursor has arrived, or was replaced by one that has arrived or is after the cursor. */
  #checkCursor(cursor: number): void {
    for (const [symbol, subscription] of this.#subscriptions) {
      if (!subscription.covered) continue;
      const upToCursor = this.#countOf(symbol, cursor);
      const received = Math.max(subscription.base, this.received.get(symbol) ?? 0);
      if (upToCursor <= received) continue;
      expect(subscription.mayMiss).toBe(true);
      expect(this.#countOf(symbol, Number.POSITIVE_INFINITY)).toBeGreaterThan(upToCursor);
    }
  }

  #subscriptionsOf(symbols: readonly string[]): ModelSubscription[] {
    if (symbols.includes("*")) return [...this.#subscriptions.values()];
    return symbols
      .map((symbol) => this.#subscriptions.get(symbol))
      .filter((subscription) => subscription !== undefined);
  }

  /** Returns the number of quotes of a symbol in the log up to a position. */
  #countOf(symbol: string, seq: number): number {
    let count = 0;
    for (const quote of this.#options.log) if (quote.symbol === symbol && quote.seq <= seq) count = quote.instrumentSeq;
    return count;
  }
}
