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

/** A quote in the plain model of the log: a list of all that was published. */
export interface ModelQuote {
  readonly seq: number;
  readonly symbol: string;
  readonly instrumentSeq: number;
}

/** What a client has of one symbol, over all its streams of one epoch. */
export type Received = Map<string, number>;

/** One subscription of a stream, as a client thinks of it. */
interface ModelLine {
  /** The quote before the first that it is owed, by its number in the instrument. */
  readonly base: number;
  got: number;
  gotCount: number;
  paused: PauseMode;
  maxRate: number;
  /** Whether quotes may be missing: it conflates, or did. */
  mayMiss: boolean;
  /** When the newest that a rate counts was taken, in milliseconds. */
  takenAt: number;
  /** Whether the stream's cursor speaks of it. */
  covered: boolean;
}

type Command = NonNullable<MessageInitShape<typeof WatchCommandSchema>["command"]>;

export interface StreamModelOptions {
  readonly watch: QuoteWatch;
  readonly policy: SlowReaderPolicy;
  readonly maxRate: number;
  /** What was published so far in this epoch; grows. */
  readonly log: readonly ModelQuote[];
  readonly now: () => number;
  /** Where it was resumed. */
  readonly after?: number | undefined;
}

/** A stream beside a plain model of what it may and must send. */
export class StreamModel {
  readonly #options: StreamModelOptions;
  readonly #lines = new Map<string, ModelLine>();
  #unconfirmed: WatchQuotesResponse | undefined;
  #caughtUp = false;
  /** Whether it may have a replay, beside which other symbols are live. */
  #replays: boolean;
  #conflated = 0;
  #skipped = 0;
  /** What commands skipped by the answers in the stream. */
  #toldSkipped = 0;
  /** What was dropped, uncounted, by unsubscribing. */
  #dropped = false;
  #cursor: number;
  /** What the client has for certain: the newest response may be lost where the stream breaks. */
  readonly received: Received;

  constructor(options: StreamModelOptions, symbols: readonly string[], received: Received) {
    this.#options = options;
    this.#cursor = options.after ?? 0;
    this.#replays = options.after !== undefined;
    this.received = received;
    for (const symbol of symbols) this.#begin(symbol, options.maxRate, options.after);
  }

  /** Asks for the next response and checks it. Returns false where there is none. */
  read(): boolean {
    const response = this.#options.watch.next();
    this.#confirm();
    this.#checkClaim(Number(this.#options.watch.sentSeq));
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
      for (const { skipped } of response.event.value.subscriptions) this.#toldSkipped += Number(skipped);
    }
    return true;
  }

  drain(): void {
    while (this.read());
  }

  /** The stream breaks: the client has the newest response, or has not. Returns where it may go on. */
  break(newestArrived: boolean): number {
    const { watch } = this.#options;
    watch[Symbol.dispose]();
    if (!newestArrived || this.#unconfirmed === undefined) return Number(watch.sentSeq);
    this.#confirm();
    this.#checkClaim(this.#cursor);
    return this.#cursor;
  }

  subscribe(symbols: readonly string[], maxRate: number | undefined): void {
    this.#run({ case: "subscribe", value: { symbols: [...symbols], maxRate } });
    for (const symbol of symbols) this.#begin(symbol, maxRate ?? this.#options.maxRate, undefined, false);
  }

  unsubscribe(symbols: readonly string[]): void {
    this.#run({ case: "unsubscribe", value: { symbols: [...symbols] } });
    for (const symbol of symbols) this.#dropped = this.#lines.delete(symbol) || this.#dropped;
  }

  pause(symbols: readonly string[], mode: PauseMode): void {
    this.#run({ case: "pause", value: { symbols: [...symbols], mode } });
    for (const line of this.#linesOf(symbols)) {
      if (line.paused !== PauseMode.UNSPECIFIED) continue;
      line.paused = mode;
      if (mode === PauseMode.CONFLATE) line.mayMiss = true;
      else this.#replays = true;
    }
  }

  resume(symbols: readonly string[]): void {
    const skipped = this.#run({ case: "resume", value: { symbols: [...symbols] } });
    for (const line of this.#linesOf(symbols)) {
      if (line.paused === PauseMode.REPLAY) this.#caughtUp = false;
      line.paused = PauseMode.UNSPECIFIED;
    }
    for (const { symbol, skipped: count } of skipped) {
      const line = this.#lines.get(symbol);
      if (line !== undefined && count > 0n) line.mayMiss = true;
      this.#skipped += Number(count);
    }
  }

  setRate(symbols: readonly string[], maxRate: number | undefined): void {
    this.#run({ case: "setRate", value: { symbols: [...symbols], maxRate } });
    for (const line of this.#linesOf(symbols)) {
      line.maxRate = maxRate ?? 0;
      line.takenAt = Number.NEGATIVE_INFINITY;
      if (line.maxRate > 0) line.mayMiss = true;
    }
  }

  /** Lets everything come, and checks that nothing is missing beyond what was counted. */
  settle(beat: () => void): void {
    this.resume(["*"]);
    this.setRate(["*"], undefined);
    this.drain();
    beat();
    this.drain();
    expect(this.#caughtUp).toBe(true);
    let missed = 0;
    for (const [symbol, line] of this.#lines) {
      expect([symbol, line.got]).toEqual([symbol, this.#countOf(symbol, Number.POSITIVE_INFINITY)]);
      missed += line.got - line.base - line.gotCount;
    }
    expect(Number(this.#options.watch.sentSeq)).toBe(this.#options.log.length);
    expect(this.#toldSkipped).toBe(this.#skipped);
    if (this.#dropped) expect(missed).toBeLessThanOrEqual(this.#conflated + this.#skipped);
    else expect(missed).toBe(this.#conflated + this.#skipped);
  }

  #run(command: Command) {
    return this.#options.watch.command(create(WatchCommandSchema, { command })).subscriptions;
  }

  #begin(symbol: string, maxRate: number, after?: number, covered = true): void {
    const count = this.#countOf(symbol, Number.POSITIVE_INFINITY);
    if (symbol === "UNKNOWN" || this.#lines.has(symbol)) return;
    const base = after === undefined ? Math.max(0, count - 1) : this.#countOf(symbol, after);
    this.#lines.set(symbol, {
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
    const line = this.#lines.get(quote.symbol);
    const instrumentSeq = Number(quote.instrumentSeq);
    if (line === undefined) throw new Error(`${quote.symbol} was sent, which is not subscribed to`);
    expect(line.paused).toBe(PauseMode.UNSPECIFIED);
    expect(this.#options.log[Number(quote.seq) - 1]).toEqual({
      seq: Number(quote.seq),
      symbol: quote.symbol,
      instrumentSeq,
    });
    if (line.mayMiss) expect(instrumentSeq).toBeGreaterThan(line.got);
    else expect(instrumentSeq).toBe(line.got + 1);
    if (phase === QuotePhase.LIVE && !this.#replays) expect(this.#caughtUp).toBe(true);
    if (phase === QuotePhase.SNAPSHOT) expect(line.gotCount).toBe(0);
    if (phase !== QuotePhase.REPLAY) this.#checkRate(line);
    line.got = instrumentSeq;
    line.gotCount++;
  }

  #checkRate(line: ModelLine): void {
    const now = this.#options.now();
    if (line.maxRate > 0) expect(now - line.takenAt).toBeGreaterThanOrEqual(1_000 / line.maxRate - 0.001);
    line.takenAt = now;
  }

  /** The newest response has arrived. */
  #confirm(): void {
    for (const { symbol, instrumentSeq } of this.#unconfirmed?.quotes ?? []) {
      this.received.set(symbol, Math.max(this.received.get(symbol) ?? 0, Number(instrumentSeq)));
      const line = this.#lines.get(symbol);
      if (line !== undefined) line.covered = true;
    }
    this.#unconfirmed = undefined;
  }

  /** Everything up to the cursor has arrived, or gave way to something that has, or comes behind the cursor. */
  #checkClaim(cursor: number): void {
    for (const [symbol, line] of this.#lines) {
      if (!line.covered) continue;
      const claimed = this.#countOf(symbol, cursor);
      const received = Math.max(line.base, this.received.get(symbol) ?? 0);
      if (claimed <= received) continue;
      expect(line.mayMiss).toBe(true);
      expect(this.#countOf(symbol, Number.POSITIVE_INFINITY)).toBeGreaterThan(claimed);
    }
  }

  #linesOf(symbols: readonly string[]): ModelLine[] {
    if (symbols.includes("*")) return [...this.#lines.values()];
    return symbols.map((symbol) => this.#lines.get(symbol)).filter((line) => line !== undefined);
  }

  /** How many quotes of a symbol stand in the log up to a place. */
  #countOf(symbol: string, seq: number): number {
    let count = 0;
    for (const quote of this.#options.log) if (quote.symbol === symbol && quote.seq <= seq) count = quote.instrumentSeq;
    return count;
  }
}
