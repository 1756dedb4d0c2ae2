import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Condition } from "../../../client/shared/condition-variable.ts";
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
import { WatchCommandExecutor } from "./watch-command-executor.ts";
import { cursorAt, watchStartPosition } from "./watch-start-position.ts";

/** The maximum number of quotes of one response: some 60 KB, far below the usual message limits of clients. */
export const maxQuotesInResponse = 500;

/** The maximum number of unread command results of a stream. A client that reads never reaches it. */
export const maxWaitingResults = 1_000;

/** The maximum number of symbols in the unread command results of a stream, which use a few MB. */
export const maxWaitingResultSymbols = 20_000;

/**
 * The maximum number of symbols in the results of the commands of a start request: twice what is needed to subscribe to,
 * pause and rate-limit the maximum number of symbols of a stream.
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
  /** Its abort ends the watch. */
  readonly signal: AbortSignal;
  /** Default: `maxSubscriptionsPerStream`. */
  readonly maxSubscriptions?: number | undefined;
}

type Event = NonNullable<MessageInitShape<typeof WatchQuotesResponseSchema>["event"]>;

type State =
  | { readonly kind: "open" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "closed" };

/**
 * The responses of one stream of quotes, in order: `started`, a snapshot or a replay, `caught_up`, then quotes,
 * heartbeats and command results. The stream asks for the next response when it can send one, so that a slow reader
 * receives the state at that time, not a backlog of past states.
 *
 * Disposing of it removes it from the hub and stops its timer. It disposes of itself when the signal aborts, and wakes
 * its reader then.
 */
export class QuoteWatch implements Disposable {
  readonly #hub: QuoteHub;
  readonly #signal: AbortSignal;
  readonly #subscriber: QuoteSubscriber;
  readonly #commands: WatchCommandExecutor;
  readonly #stopHeartbeats: () => void;
  readonly #dispose = () => this[Symbol.dispose]();
  #state: State = { kind: "open" };
  /** The events that come before everything else. */
  readonly #opening: Event[] = [];
  #results: CommandResult[] = [];
  #resultSymbols = 0;
  readonly #capacityChanged = new Condition();
  #isCaughtUpPending = true;
  #isHeartbeatPending = false;
  #isReplayNext = false;
  /** The newest response, which counts as sent when the stream asks for the next one. */
  #unconfirmed: WatchQuotesResponse | undefined;
  #sentCount = 0;
  #sentSeq: bigint;

  /** Throws the errors of {@link watchStartPosition} and `QuoteHub.subscribe`. */
  constructor(options: QuoteWatchOptions) {
    const { hub, request, streamId, maxSubscriptions, signal } = options;
    const position = watchStartPosition(request, hub.log, hub.epoch);
    const after = position.kind === "replay" ? position.after : undefined;
    this.#hub = hub;
    this.#signal = signal;
    this.#sentSeq = BigInt(after ?? 0);
    this.#subscriber = hub.subscribe(request.slowReaderPolicy, after, options.peer);
    const { now, listings } = hub;
    const maxRate = request.maxRate ?? 0;
    this.#commands = new WatchCommandExecutor({
      subscriber: this.#subscriber,
      listings,
      now,
      maxRate,
      onReplay: () => {
        this.#isCaughtUpPending = true;
      },
      maxSubscriptions,
    });
    const replayFrom = request.position.case === "fromOldest" ? "oldest" : after;
    const subscriptions = this.#commands.subscribe(request.symbols, maxRate, replayFrom);
    this.#opening.push({ case: "started", value: { streamId, subscriptions } });
    if (position.kind === "reset") this.#opening.push({ case: "reset", value: { cause: position.cause } });
    this.#stopHeartbeats = hub.timers.every(options.heartbeatMillis, () => {
      this.#isHeartbeatPending = true;
      this.#subscriber.wake();
    });
    // The stream disposes of the watch only after its client has read, and a client may never read.
    signal.addEventListener("abort", this.#dispose);
    if (signal.aborted) this.#dispose();
  }

  /** The number of quotes in all responses that count as sent. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** The `seq` of the cursor of the newest response that counts as sent. */
  get sentSeq(): bigint {
    return this.#sentSeq;
  }

  /** Whether it has no more responses, and accepts no more commands. */
  get isOver(): boolean {
    return this.#state.kind !== "open" || !this.#subscriber.isOpen;
  }

  /**
   * Returns the next response; undefined if none is available. The call means that the previous one was sent.
   *
   * Throws the signal's reason if the signal has aborted, the error given to {@link fail}, and a LimitError or a
   * ReplayOverrunError if the reader was too slow.
   */
  next(): WatchQuotesResponse | undefined {
    this.#confirm();
    this.#signal.throwIfAborted();
    if (this.#state.kind === "failed") throw this.#state.error;
    this.#subscriber.throwIfFailed();
    this.#unconfirmed = this.#nextEvent() ?? this.#nextSnapshot() ?? this.#nextCaughtUp() ?? this.#nextQuotes();
    return this.#unconfirmed;
  }

  /** Resolves when {@link next} may return a response or throw. Call it right after `next` has returned undefined. */
  wait(): Promise<void> {
    return this.#subscriber.isReplaying ? callScheduler.nextTurn() : this.#subscriber.wait();
  }

  /**
   * Runs a command at once. Its result is also a response of the stream, before the next quotes.
   *
   * Throws a LimitError if too many results are unread, and the errors of `WatchCommandExecutor.run`.
   */
  command(command: WatchCommand): CommandResult {
    if (!this.#hasCapacity) throw this.#backlogError();
    return this.#run(command);
  }

  /**
   * Runs the commands of the start request, although the client cannot read results yet.
   *
   * Throws an {@link InvalidFieldError} if the results have more than {@link maxStartResultSymbols} symbols, and the
   * errors of `WatchCommandExecutor.run`.
   */
  runStartCommands(commands: readonly WatchCommand[]): void {
    for (const command of commands) {
      this.#run(command);
      if (this.#resultSymbols <= maxStartResultSymbols) continue;
      throw new InvalidFieldError(
        "commands",
        `their results have more than ${maxStartResultSymbols} symbols: send some of them after the stream has started`,
      );
    }
  }

  /** Resolves when {@link command} accepts a command, or when the watch has failed or is disposed of. */
  async waitForCapacity(): Promise<void> {
    while (!this.#hasCapacity && this.#state.kind === "open") await this.#capacityChanged.wait();
  }

  /** Makes {@link next} throw an error. */
  fail(error: unknown): void {
    if (this.#state.kind === "open") this.#state = { kind: "failed", error };
    this.#subscriber.wake();
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#dispose);
    this.#stopHeartbeats();
    this.#subscriber[Symbol.dispose]();
    this.#results = [];
    if (this.#state.kind === "open") this.#state = { kind: "closed" };
    this.#capacityChanged.notifyAll();
  }

  #run(command: WatchCommand): CommandResult {
    const result = this.#commands.run(command);
    this.#results.push(result);
    this.#resultSymbols += result.subscriptions.length;
    this.#subscriber.wake();
    return result;
  }

  get #hasCapacity(): boolean {
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

  #confirm(): void {
    if (this.#unconfirmed === undefined) return;
    this.#sentCount += this.#unconfirmed.quotes.length;
    this.#sentSeq = this.#unconfirmed.cursor?.seq ?? this.#sentSeq;
    this.#unconfirmed = undefined;
  }

  #nextEvent(): WatchQuotesResponse | undefined {
    if (this.#opening.length > 0) return this.#event(this.#opening.shift());
    if (this.#results.length > 0) return this.#nextResult();
    return this.#isHeartbeatPending ? this.#nextHeartbeat() : undefined;
  }

  #nextResult(): WatchQuotesResponse {
    const value = this.#results.shift();
    this.#resultSymbols -= value?.subscriptions.length ?? 0;
    if (this.#hasCapacity) this.#capacityChanged.notifyAll();
    return this.#event(value && { case: "commandResult", value });
  }

  #nextHeartbeat(): WatchQuotesResponse {
    this.#isHeartbeatPending = false;
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

  /** Alternates between a replay and live quotes while a replay runs. */
  #nextQuotes(): WatchQuotesResponse | undefined {
    if (!this.#subscriber.isReplaying) return this.#nextLive();
    this.#isReplayNext = !this.#isReplayNext;
    if (this.#isReplayNext) return this.#nextReplay() ?? this.#nextCaughtUp() ?? this.#nextLive();
    return this.#nextLive() ?? this.#nextReplay() ?? this.#nextCaughtUp();
  }

  #nextLive(): WatchQuotesResponse | undefined {
    return this.#quotes(this.#subscriber.take(maxQuotesInResponse), QuotePhase.LIVE);
  }

  #nextReplay(): WatchQuotesResponse | undefined {
    return this.#quotes(this.#subscriber.takeReplay(maxQuotesInResponse), QuotePhase.REPLAY);
  }

  #nextCaughtUp(): WatchQuotesResponse | undefined {
    if (!this.#isCaughtUpPending || this.#subscriber.isReplaying) return undefined;
    this.#isCaughtUpPending = false;
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
