import type { Timers } from "../../client/timers.ts";
import { PauseMode, type Quote, type SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { LogReplay } from "./log-replay.ts";
import { MissedQuotes } from "./missed-quotes.ts";
import { PacedLines } from "./paced-lines.ts";
import { controlOf, type LineControl, type QuoteLine } from "./quote-line.ts";
import type { LogEntry, QuoteLog } from "./quote-log.ts";
import { WaitingQuotes } from "./waiting-quotes.ts";

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

/**
 * Where the quotes of one reader's lines are until it takes them: in a queue, held back, or in the log. What a line is
 * owed, the newest quote at its beginning and all behind it, was taken, gave way to a newer one and is counted, or is
 * here. Within a symbol nothing older ever follows newer.
 */
export class QuoteDelivery {
  readonly waiting: WaitingQuotes;
  readonly replay: LogReplay;
  readonly #options: QuoteDeliveryOptions;
  readonly #paced: PacedLines;
  readonly #missed = new MissedQuotes();
  /** Whether no line ever had anything special, so that no line needs to be looked at. */
  #plain = true;

  constructor(options: QuoteDeliveryOptions) {
    const { policy, log, timers, maxWaiting } = options;
    this.#options = options;
    this.waiting = new WaitingQuotes(policy, () => timers.now(), maxWaiting);
    this.replay = new LogReplay(log);
    this.#paced = new PacedLines(timers, (line) => {
      const held = this.waiting.unhold(line);
      if (held !== undefined) this.#putForward(line, held);
    });
  }

  /** The first place in the log that has something that is not taken yet; Infinity where all is. */
  get oldestSeq(): number {
    return Math.min(this.waiting.oldestSeq, this.#missed.oldestSeq, this.replay.place + 1);
  }

  /** Takes in the newest quote of the log. Returns false where more waits than may. */
  offer(line: QuoteLine, entry: LogEntry): boolean {
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
  controlOf(line: QuoteLine): LineControl {
    this.#plain = false;
    return controlOf(line);
  }

  /** Begins lines with a snapshot. */
  begin(lines: readonly QuoteLine[]): void {
    for (const line of lines.toSorted((a, b) => seqOf(a.listing.newest) - seqOf(b.listing.newest))) {
      if (line.listing.newest !== undefined) this.waiting.show(line, line.listing.newest);
    }
    this.#options.wake();
  }

  /** Begins lines with a replay of all that is behind a place in the log, which holds all of it. */
  beginFrom(lines: readonly QuoteLine[], place: number): void {
    const { log } = this.#options;
    const behind = new Map<string, QuoteLine>();
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
  end(lines: readonly QuoteLine[]): void {
    this.#withdraw(lines);
    for (const line of lines) {
      this.#missed.remove(line);
      this.replay.remove(line.symbol);
    }
  }

  /** Pauses lines; one that is paused keeps its mode. */
  pause(lines: readonly QuoteLine[], mode: PauseMode): void {
    const running = lines.filter(({ control }) => control?.flow !== "conflating" && control?.flow !== "stopped");
    const { place } = this.replay;
    const backlogs = this.#withdraw(running);
    for (const line of running.sort((a, b) => seqOf(backlogs.get(a)?.newest) - seqOf(backlogs.get(b)?.newest))) {
      const { newest } = line.listing;
      const had = this.replay.remove(line.symbol);
      const unread = had === undefined || newest === undefined ? 0 : Number(newest.quote.instrumentSeq - had);
      const backlog = backlogs.get(line);
      const control = this.controlOf(line);
      if (mode === PauseMode.REPLAY) {
        control.flow = "stopped";
        if (had !== undefined && unread > 0) this.#missed.add(line, { seq: place + 1, instrumentSeq: had + 1n });
        else if (backlog !== undefined) this.#missed.add(line, missedFrom(backlog.first));
      } else {
        control.flow = "conflating";
        control.skipped = Math.max(0, (backlog?.count ?? unread) - 1);
        const held = backlog?.newest ?? (unread > 0 ? newest : undefined);
        if (held !== undefined) this.waiting.holdAgain(line, held);
      }
    }
  }

  /** Lets the quotes of lines come again. Returns how many of the pause are skipped of each. */
  resume(lines: readonly QuoteLine[]): Map<QuoteLine, number> {
    return new Map(inOrder(lines).map((line) => [line, this.#resumeLine(line)]));
  }

  /** Limits how many quotes a second come of some lines; 0: no limit. */
  setRate(lines: readonly QuoteLine[], maxRate: number): void {
    // What may not give way to newer quotes waits in one queue for all lines: that ends here, where a rate begins.
    const thinned = maxRate > 0 ? this.waiting.thinOut(lines) : undefined;
    for (const line of inOrder(lines)) {
      const control = this.controlOf(line);
      control.maxRate = maxRate;
      this.#paced.remove(line);
      if (control.flow !== "live") continue;
      const held = thinned?.get(line) ?? this.waiting.unhold(line);
      if (held !== undefined) this.#putForward(line, held);
      simplify(line);
    }
  }

  /** Takes up to `max` quotes of the replay. Where it has come to its end, its lines are live when this returns. */
  takeReplay(max: number, lineOf: (symbol: string) => QuoteLine | undefined): Quote[] {
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
  #pace(line: QuoteLine, control: LineControl, entry: LogEntry): void {
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

  /** Lets a quote of a live line be taken, when its rate allows. The line has no other waiting. */
  #putForward(line: QuoteLine, entry: LogEntry): void {
    const dueAt = line.control === undefined ? 0 : dueTime(line.control);
    if (dueAt > this.#options.timers.now()) {
      this.waiting.holdAgain(line, entry);
      this.#paced.add(line, dueAt);
      return;
    }
    this.waiting.insert(line, entry);
    this.#options.wake();
  }

  #resumeLine(line: QuoteLine): number {
    const { control } = line;
    if (control?.flow === "conflating") return this.#resumeWithNewest(line, this.waiting.unhold(line), control.skipped);
    if (control?.flow !== "stopped") return 0;
    const missed = this.#missed.remove(line);
    if (missed === undefined) return this.#resumeWithNewest(line, undefined, 0);
    if (missed.seq >= this.#options.log.oldestSeq) {
      this.#beginReplay(line, missed.instrumentSeq - 1n, missed.seq - 1);
      this.#options.wake();
      return 0;
    }
    const { newest } = line.listing;
    return this.#resumeWithNewest(line, newest, Number((newest?.quote.instrumentSeq ?? 0n) - missed.instrumentSeq));
  }

  #resumeWithNewest(line: QuoteLine, newest: LogEntry | undefined, skipped: number): number {
    this.#goLive(line);
    if (newest !== undefined) this.#putForward(line, newest);
    return skipped;
  }

  #goLive(line: QuoteLine): void {
    const control = this.controlOf(line);
    control.flow = "live";
    control.skipped = 0;
    simplify(line);
  }

  #beginReplay(line: QuoteLine, had: bigint, place: number): void {
    this.controlOf(line).flow = "replaying";
    this.replay.add(line.symbol, had, place);
  }

  #withdraw(lines: readonly QuoteLine[]): ReturnType<WaitingQuotes["withdraw"]> {
    for (const line of lines) this.#paced.remove(line);
    return this.waiting.withdraw(lines);
  }
}

/** A live line without a rate has nothing special. */
function simplify(line: QuoteLine): void {
  if (line.control?.flow === "live" && line.control.maxRate === 0) line.control = undefined;
}

function dueTime({ maxRate, sentAt }: LineControl): number {
  return maxRate === 0 ? Number.NEGATIVE_INFINITY : sentAt + millisPerSecond / maxRate;
}

function missedFrom({ seq, quote }: LogEntry): { seq: number; instrumentSeq: bigint } {
  return { seq, instrumentSeq: quote.instrumentSeq };
}

/** In the order of the log, by what waits of each. */
function inOrder(lines: readonly QuoteLine[]): QuoteLine[] {
  return lines.toSorted((a, b) => seqOf(a.waiting) - seqOf(b.waiting));
}

function seqOf(entry: LogEntry | undefined): number {
  return entry?.seq ?? 0;
}
