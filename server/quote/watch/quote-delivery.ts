import type { Timers } from "../../../client/shared/timers.ts";
import { PauseMode, type Quote, type SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { controlOf, type SubscriptionControl, type SymbolSubscription } from "../hub/symbol-subscription.ts";
import { LogReplay } from "../log/log-replay.ts";
import type { LogEntry, QuoteLog } from "../log/quote-log.ts";
import { MissedQuotes } from "./missed-quotes.ts";
import { RateLimitedSubscriptions } from "./rate-limited-subscriptions.ts";
import { SendQueue } from "./send-queue.ts";

const millisPerSecond = 1_000;

/** How many entries of the log are read at a time, where a replay begins. */
const logPageSize = 500;

export interface QuoteDeliveryOptions {
  readonly policy: SlowReaderPolicy;
  readonly log: QuoteLog;
  readonly timers: Timers;
  /** How many quotes may wait where none may be skipped. */
  readonly maxWaiting?: number | undefined;
  /** Told when there is more to take, other than by an offer. */
  readonly wake: () => void;
}

/** A quote that stands in no queue on its way to another. */
interface HeldQuote {
  readonly line: SymbolSubscription;
  readonly entry: LogEntry;
}

/**
 * Where the quotes of one reader's lines are until it takes them: in a queue, held back, or in the log. What a line is
 * owed, the newest quote at its beginning and all behind it, was taken, gave way to a newer one and is counted, or is
 * here. Within a symbol nothing older ever follows newer.
 */
export class QuoteDelivery {
  readonly waiting: SendQueue;
  readonly replay: LogReplay;
  readonly #options: QuoteDeliveryOptions;
  readonly #paced: RateLimitedSubscriptions;
  readonly #missed = new MissedQuotes();
  /** Whether no line ever had anything special, so that no line needs to be looked at. */
  #plain = true;

  constructor(options: QuoteDeliveryOptions) {
    const { policy, log, timers, maxWaiting } = options;
    this.#options = options;
    this.waiting = new SendQueue(policy, () => timers.now(), maxWaiting);
    this.replay = new LogReplay(log);
    this.#paced = new RateLimitedSubscriptions(timers, (lines) => {
      const released: HeldQuote[] = [];
      for (const line of lines) collect(released, line, this.waiting.unhold(line));
      this.#putForward(released);
    });
  }

  /** The first place in the log that has something that is not taken yet; Infinity where all is. */
  get oldestSeq(): number {
    return Math.min(this.waiting.oldestSeq, this.#missed.oldestSeq, this.replay.place + 1);
  }

  /** Takes in the newest quote of the log. Returns false where more waits than may. */
  offer(line: SymbolSubscription, entry: LogEntry): boolean {
    const control = this.#plain ? undefined : line.control;
    if (control === undefined) return this.waiting.push(line, entry);
    switch (control.flow) {
      case "live":
        this.#pace(line, control, entry);
        break;
      case "conflating":
        if (this.waiting.hold(line, entry)) control.skipped++;
        break;
      case "stopped":
        if (!this.#missed.has(line)) this.#missed.add(line, missedFrom(entry));
        break;
      case "replaying": // the replay comes to it in the log
        break;
    }
    return true;
  }

  /** What is special about a line, which from here on is one of those that have something special. */
  controlOf(line: SymbolSubscription): SubscriptionControl {
    this.#plain = false;
    return controlOf(line);
  }

  /** Begins lines with a snapshot. */
  begin(lines: readonly SymbolSubscription[]): void {
    for (const line of lines.toSorted((a, b) => seqOf(a.listing.newest) - seqOf(b.listing.newest))) {
      if (line.listing.newest !== undefined) this.waiting.show(line, line.listing.newest);
    }
    this.#options.wake();
  }

  /** Begins lines with a replay of all that the log holds when it comes to them. */
  beginFromOldest(lines: readonly SymbolSubscription[]): void {
    const place = this.#options.log.oldestSeq - 1;
    for (const line of lines) {
      if (seqOf(line.listing.newest) > place) this.#beginReplay(line, undefined, place);
    }
  }

  /** Begins lines with a replay of all that is behind a place in the log, which holds all of it. */
  beginFrom(lines: readonly SymbolSubscription[], place: number): void {
    const { log } = this.#options;
    const behind = new Map<string, SymbolSubscription>();
    for (const line of lines) if (seqOf(line.listing.newest) > place) behind.set(line.symbol, line);
    // How many quotes of a symbol came before the place is told by the first that came behind it.
    for (let at = place; behind.size > 0 && at < log.newestSeq; at += logPageSize) {
      for (const { quote } of log.read(at, logPageSize)) {
        const line = behind.get(quote.symbol);
        if (line === undefined) continue;
        behind.delete(quote.symbol);
        this.#beginReplay(line, quote.instrumentSeq - 1n, place);
      }
    }
  }

  /** Ends lines, and drops what is here of them. */
  end(lines: readonly SymbolSubscription[]): void {
    this.#withdraw(lines);
    for (const line of lines) {
      this.#missed.remove(line);
      this.replay.remove(line.symbol);
    }
  }

  /** Pauses lines; one that is paused keeps its mode. */
  pause(lines: readonly SymbolSubscription[], mode: PauseMode): void {
    const running = lines.filter(({ control }) => control?.flow !== "conflating" && control?.flow !== "stopped");
    const { readTo } = this.replay;
    this.replay.locate(running);
    const backlogs = this.#withdraw(running);
    const held: HeldQuote[] = [];
    for (const line of running) {
      const { newest } = line.listing;
      const had = this.replay.remove(line.symbol);
      const unread = had === undefined || newest === undefined ? 0 : Number(newest.quote.instrumentSeq - had);
      const backlog = backlogs.get(line);
      const control = this.controlOf(line);
      if (mode === PauseMode.REPLAY) {
        control.flow = "stopped";
        if (had !== undefined && newest !== undefined && unread > 0) {
          // The log may have let go of all of it: nothing behind `readTo` is of the line then.
          this.#missed.add(line, { seq: Math.min(readTo + 1, newest.seq), instrumentSeq: had + 1n });
        } else if (backlog !== undefined) this.#missed.add(line, missedFrom(backlog.first));
      } else {
        control.flow = "conflating";
        control.skipped = Math.max(0, (backlog?.count ?? unread) - 1);
        collect(held, line, backlog?.newest ?? (unread > 0 ? newest : undefined));
      }
    }
    for (const { line, entry } of inOrder(held)) this.waiting.holdAgain(line, entry);
  }

  /** Lets the quotes of lines come again. Returns how many of the pause are skipped of each. */
  resume(lines: readonly SymbolSubscription[]): Map<SymbolSubscription, number> {
    const released: HeldQuote[] = [];
    const skipped = new Map(lines.map((line) => [line, this.#resumeLine(line, released)]));
    this.#putForward(released);
    return skipped;
  }

  /** Limits how many quotes a second come of some lines; 0: no limit. */
  setRate(lines: readonly SymbolSubscription[], maxRate: number): void {
    // What may not give way to newer quotes waits in one queue for all lines: that ends here, where a rate begins.
    const thinned = maxRate > 0 ? this.waiting.thinOut(lines) : undefined;
    const released: HeldQuote[] = [];
    for (const line of lines) {
      const control = this.controlOf(line);
      control.maxRate = maxRate;
      this.#paced.remove(line);
      if (control.flow !== "live") continue;
      collect(released, line, thinned?.get(line) ?? this.waiting.unhold(line));
      simplify(line);
    }
    this.#putForward(released);
  }

  /** Takes up to `max` quotes of the replay. Where it has come to its end, its lines are live when this returns. */
  takeReplay(max: number, lineOf: (symbol: string) => SymbolSubscription | undefined): Quote[] {
    const page = this.replay.read(max, (symbol) => lineOf(symbol)?.listing.newest);
    this.waiting.conflated += page.lost;
    for (const symbol of page.joined) {
      const line = lineOf(symbol);
      if (line !== undefined) this.#goLive(line);
    }
    return page.quotes;
  }

  clear(): void {
    this.waiting.clear();
    this.replay.clear();
    this.#paced.clear();
    this.#missed.clear();
  }

  /** A quote of a line that has a rate. */
  #pace(line: SymbolSubscription, control: SubscriptionControl, entry: LogEntry): void {
    if (control.dueAt !== undefined) {
      this.waiting.hold(line, entry);
      this.waiting.conflated++;
      return;
    }
    const dueAt = dueTime(control);
    if (this.waiting.offers(line) || dueAt <= this.#options.timers.now()) {
      this.waiting.conflate(line, entry);
      return;
    }
    this.waiting.hold(line, entry);
    this.#paced.add(line, dueAt);
  }

  /** Lets quotes of live lines be taken, when their rates allow. The lines have no others waiting. */
  #putForward(released: readonly HeldQuote[]): void {
    if (released.length === 0) return;
    const now = this.#options.timers.now();
    for (const { line, entry } of inOrder(released)) {
      const dueAt = line.control === undefined ? Number.NEGATIVE_INFINITY : dueTime(line.control);
      if (dueAt > now) {
        this.waiting.holdAgain(line, entry);
        this.#paced.add(line, dueAt);
      } else {
        this.waiting.insert(line, entry);
      }
    }
    this.#options.wake();
  }

  /** Lets a line go on. What of it may be taken at once is added to `released`. */
  #resumeLine(line: SymbolSubscription, released: HeldQuote[]): number {
    const { control, listing } = line;
    if (control?.flow === "conflating") {
      const { skipped } = control;
      collect(released, line, this.waiting.unhold(line));
      this.#goLive(line);
      return skipped;
    }
    if (control?.flow !== "stopped") return 0;
    const missed = this.#missed.remove(line);
    if (missed === undefined) {
      this.#goLive(line);
      return 0;
    }
    if (missed.seq >= this.#options.log.oldestSeq) {
      this.#beginReplay(line, missed.instrumentSeq - 1n, missed.seq - 1);
      this.#options.wake();
      return 0;
    }
    collect(released, line, listing.newest);
    this.#goLive(line);
    return Number((listing.newest?.quote.instrumentSeq ?? 0n) - missed.instrumentSeq);
  }

  #goLive(line: SymbolSubscription): void {
    const control = this.controlOf(line);
    control.flow = "live";
    control.skipped = 0;
    simplify(line);
  }

  #beginReplay(line: SymbolSubscription, had: bigint | undefined, place: number): void {
    this.controlOf(line).flow = "replaying";
    this.replay.add(line.symbol, had, place);
  }

  #withdraw(lines: readonly SymbolSubscription[]): ReturnType<SendQueue["withdraw"]> {
    for (const line of lines) this.#paced.remove(line);
    return this.waiting.withdraw(lines);
  }
}

/** A live line without a rate has nothing special. */
function simplify(line: SymbolSubscription): void {
  if (line.control?.flow === "live" && line.control.maxRate === 0) line.control = undefined;
}

function dueTime({ maxRate, sentAt }: SubscriptionControl): number {
  return maxRate === 0 ? Number.NEGATIVE_INFINITY : sentAt + millisPerSecond / maxRate;
}

function missedFrom({ seq, quote }: LogEntry): { seq: number; instrumentSeq: bigint } {
  return { seq, instrumentSeq: quote.instrumentSeq };
}

function collect(quotes: HeldQuote[], line: SymbolSubscription, entry: LogEntry | undefined): void {
  if (entry !== undefined) quotes.push({ line, entry });
}

/** In the order of the log, in which many are put into a queue in one walk. */
function inOrder(quotes: readonly HeldQuote[]): HeldQuote[] {
  return quotes.toSorted((a, b) => a.entry.seq - b.entry.seq);
}

function seqOf(entry: LogEntry | undefined): number {
  return entry?.seq ?? 0;
}
