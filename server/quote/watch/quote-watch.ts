import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { toDuration, toTimestamp } from "../../../client/shared/micro-time.ts";
import {
  type CommandResult,
  type Quote,
  QuotePhase,
  type WatchCommand,
} from "../../../gen/bourse/quote/v1/quote_pb.ts";
import {
  type WatchQuotesRequest,
  type WatchQuotesResponse,
  WatchQuotesResponseSchema,
} from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { LimitError } from "../../transport/protection/limit-error.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import type { QuoteHub } from "../hub/quote-hub.ts";
import { commandBacklogError } from "../quote-errors.ts";
import type { QuoteSubscriber } from "./quote-subscriber.ts";
import { WatchCommands } from "./watch-commands.ts";
import { cursorAt, watchPosition } from "./watch-position.ts";

/** How many quotes a response carries at most: some 60 KB, far below what a client takes as one message. */
export const maxQuotesInResponse = 500;

/** How many answers to commands may wait for the reader of a stream: more than one that reads ever sees. */
export const maxWaitingResults = 1_000;

/** How many symbols those answers may have before a further command is refused: some MB. */
export const maxWaitingResultSymbols = 20_000;

/**
 * How many symbols the answers to the commands of a request may have: each of the most that a stream subscribes to can
 * be subscribed to, paused and given a rate, with as much to spare.
 */
export const maxStartResultSymbols = 60_000;

export interface QuoteWatchOptions {
  readonly hub: QuoteHub;
  readonly request: WatchQuotesRequest;
  readonly streamId: string;
  /** The client that watches. */
  readonly peer?: Peer;
  /** The interval between heartbeats. */
  readonly heartbeatMillis: number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  readonly maxSubscriptions?: number | undefined;
}

type Event = NonNullable<MessageInitShape<typeof WatchQuotesResponseSchema>["event"]>;

/**
 * What one stream of quotes has to say, in order: that it has started, a snapshot or a replay, that it has caught up,
 * and from then on quotes, heartbeats and the answers to commands. The stream asks for the next response whenever it
 * can send one, so that a slow reader is told of the state when it reads, not of the past.
 *
 * Dispose of it, however the stream ends: it leaves the hub and stops its timer. It does so by itself as soon as the
 * signal aborts, and then wakes its reader.
 */
export class QuoteWatch implements Disposable {
  readonly #hub: QuoteHub;
  readonly #signal: AbortSignal;
  readonly #subscriber: QuoteSubscriber;
  readonly #commands: WatchCommands;
  readonly #stopHeartbeats: () => void;
  readonly #release = () => this[Symbol.dispose]();
  /** What is to be told before anything else. */
  readonly #opening: Event[] = [];
  #results: CommandResult[] = [];
  #resultSymbols = 0;
  #room = Promise.withResolvers<void>();
  #owesCaughtUp = true;
  #owesHeartbeat = false;
  #replayIsNext = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #newest: WatchQuotesResponse | undefined;
  #sentCount = 0;
  #sentSeq: bigint;

  /** Throws what {@link watchPosition} and `QuoteHub.subscribe` do; nothing is left behind then. */
  constructor(options: QuoteWatchOptions) {
    const { hub, request, streamId, maxSubscriptions } = options;
    const position = watchPosition(request, hub.log, hub.epoch);
    const after = position.kind === "replay" ? position.after : undefined;
    this.#hub = hub;
    this.#signal = options.signal;
    this.#sentSeq = BigInt(after ?? 0);
    this.#subscriber = hub.subscribe(request.slowReaderPolicy, after, options.peer);
    const { now, listings } = hub;
    const maxRate = request.maxRate ?? 0;
    const onReplay = () => {
      this.#owesCaughtUp = true;
    };
    this.#commands = new WatchCommands({
      subscriber: this.#subscriber,
      listings,
      now,
      maxRate,
      onReplay,
      maxSubscriptions,
    });
    const replayFrom = request.position.case === "fromOldest" ? "oldest" : after;
    const subscriptions = this.#commands.subscribe(request.symbols, maxRate, replayFrom);
    this.#opening.push({ case: "started", value: { streamId, subscriptions } });
    if (position.kind === "reset") this.#opening.push({ case: "reset", value: { cause: position.cause } });
    this.#stopHeartbeats = hub.timers.every(options.heartbeatMillis, () => {
      this.#owesHeartbeat = true;
      this.#subscriber.wake();
    });
    // Not left to the stream: one that waits for its client to read would hold on to all this.
    options.signal.addEventListener("abort", this.#release);
    if (options.signal.aborted) this.#release();
  }

  /** How many quotes were handed over. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** The place in the log that the stream got to: that of the newest response that was handed over. */
  get sentSeq(): bigint {
    return this.#sentSeq;
  }

  /** Whether it has nothing more to say, and takes no more commands. */
  get isOver(): boolean {
    return this.#isOver || this.#failure !== undefined || !this.#subscriber.isOpen;
  }

  /**
   * The next response, where there is one at hand. Asking for it says that the one before was handed over.
   *
   * Throws the signal's reason once that has aborted, what {@link fail} was given, and a LimitError or a
   * ReplayOverrunError where the reader was too slow.
   */
  next(): WatchQuotesResponse | undefined {
    this.#countNewest();
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#subscriber.check();
    this.#newest = this.#nextEvent() ?? this.#nextSnapshot() ?? this.#nextCaughtUp() ?? this.#nextQuotes();
    return this.#newest;
  }

  /** Resolves when there may be a next response, or `next` would throw. To be called right after `next` had none. */
  wait(): Promise<void> {
    return this.#subscriber.replaying ? callScheduler.nextTurn() : this.#subscriber.wait();
  }

  /**
   * Does what a command says, at once. The answer is also told in the stream, before any quote.
   *
   * Throws a LimitError where too many answers wait, and what `WatchCommands.run` does.
   */
  command(command: WatchCommand): CommandResult {
    if (!this.#hasRoom) throw this.#backlogError();
    return this.#run(command);
  }

  /**
   * Does what the commands of the request say: all of them, as nobody could read an answer before.
   *
   * Throws an {@link InvalidFieldError} where the answers have more symbols than may be, and what `WatchCommands.run`
   * does.
   */
  begin(commands: readonly WatchCommand[]): void {
    for (const command of commands) {
      this.#run(command);
      if (this.#resultSymbols <= maxStartResultSymbols) continue;
      throw new InvalidFieldError(
        "commands",
        `their answers have more than ${maxStartResultSymbols} symbols: give some of them when the stream has started`,
      );
    }
  }

  /** Resolves when a command may be given, or the watch is over. */
  async room(): Promise<void> {
    while (!this.#hasRoom && !this.#isOver) await this.#room.promise;
  }

  /** Has `next` throw an error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#subscriber.wake();
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#release);
    this.#stopHeartbeats();
    this.#subscriber[Symbol.dispose]();
    this.#results = [];
    this.#isOver = true;
    this.#room.resolve();
  }

  #run(command: WatchCommand): CommandResult {
    const result = this.#commands.run(command);
    this.#results.push(result);
    this.#resultSymbols += result.subscriptions.length;
    this.#subscriber.wake();
    return result;
  }

  get #hasRoom(): boolean {
    return this.#results.length < maxWaitingResults && this.#resultSymbols < maxWaitingResultSymbols;
  }

  #backlogError(): LimitError {
    if (this.#results.length >= maxWaitingResults) {
      return commandBacklogError({ name: "maxWaitingResults", value: maxWaitingResults }, "unread command results");
    }
    return commandBacklogError(
      { name: "maxWaitingResultSymbols", value: maxWaitingResultSymbols },
      "symbols in unread command results",
    );
  }

  #countNewest(): void {
    if (this.#newest === undefined) return;
    this.#sentCount += this.#newest.quotes.length;
    this.#sentSeq = this.#newest.cursor?.seq ?? this.#sentSeq;
    this.#newest = undefined;
  }

  #nextEvent(): WatchQuotesResponse | undefined {
    if (this.#opening.length > 0) return this.#event(this.#opening.shift());
    if (this.#results.length > 0) return this.#nextResult();
    return this.#owesHeartbeat ? this.#nextHeartbeat() : undefined;
  }

  #nextResult(): WatchQuotesResponse {
    const value = this.#results.shift();
    this.#resultSymbols -= value?.subscriptions.length ?? 0;
    if (this.#hasRoom) {
      this.#room.resolve();
      this.#room = Promise.withResolvers<void>();
    }
    return this.#event(value && { case: "commandResult", value });
  }

  #nextHeartbeat(): WatchQuotesResponse {
    this.#owesHeartbeat = false;
    const { queued, conflated, oldestArrival } = this.#subscriber;
    const { now, newestSourceTime } = this.#hub;
    const lagMicros = oldestArrival === undefined ? 0 : Math.max(0, now() - oldestArrival);
    const value = {
      queued: BigInt(queued),
      conflated: BigInt(conflated),
      lag: toDuration(lagMicros),
      newestSourceTime: newestSourceTime === undefined ? undefined : toTimestamp(newestSourceTime),
    };
    return this.#event({ case: "heartbeat", value });
  }

  #nextSnapshot(): WatchQuotesResponse | undefined {
    if (!this.#subscriber.hasSnapshot) return undefined;
    return this.#quotes(this.#subscriber.takeSnapshot(maxQuotesInResponse), QuotePhase.SNAPSHOT);
  }

  /** A replay and what is live take turns. */
  #nextQuotes(): WatchQuotesResponse | undefined {
    if (!this.#subscriber.replaying) return this.#nextLive();
    this.#replayIsNext = !this.#replayIsNext;
    if (this.#replayIsNext) return this.#nextReplay() ?? this.#nextCaughtUp() ?? this.#nextLive();
    return this.#nextLive() ?? this.#nextReplay() ?? this.#nextCaughtUp();
  }

  #nextLive(): WatchQuotesResponse | undefined {
    return this.#quotes(this.#subscriber.take(maxQuotesInResponse), QuotePhase.LIVE);
  }

  #nextReplay(): WatchQuotesResponse | undefined {
    return this.#quotes(this.#subscriber.takeReplay(maxQuotesInResponse), QuotePhase.REPLAY);
  }

  #nextCaughtUp(): WatchQuotesResponse | undefined {
    if (!this.#owesCaughtUp || this.#subscriber.replaying) return undefined;
    this.#owesCaughtUp = false;
    return this.#event({ case: "caughtUp", value: {} });
  }

  #quotes(quotes: Quote[], phase: QuotePhase): WatchQuotesResponse | undefined {
    if (quotes.length === 0) return undefined;
    return this.#hub.responses.responseFor(quotes, this.#subscriber.seq, phase);
  }

  #event(event: Event | undefined): WatchQuotesResponse {
    const cursor = cursorAt(this.#hub.epoch, this.#subscriber.seq);
    return create(WatchQuotesResponseSchema, { cursor, event });
  }
}
