import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import {
  type CommandResult,
  type Cursor,
  type CursorSchema,
  type PauseMode,
  SlowReaderPolicy,
  type WatchCommandSchema,
} from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { QuoteService, WatchQuotesRequestSchema } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { CallAttempt } from "../shared/call-attempt.ts";
import { CallRetryTracker } from "../shared/call-retry-tracker.ts";
import { Condition } from "../shared/condition-variable.ts";
import { isRetryable } from "../shared/retry-policy.ts";
import { systemTimers, type Timers } from "../shared/timers.ts";
import { DesiredSubscriptions } from "./desired-subscriptions.ts";
import { planWatchStart, type WatchStart } from "./plan-watch-start.ts";
import { WatchCommandSender } from "./watch-command-sender.ts";
import { WatchResponseReader } from "./watch-response-reader.ts";
import type { WatchProgress, WatchState, WatchUpdate } from "./watch-update.ts";

/** The subscriptions of a watch, and how it reconnects. */
export interface WatchQuotesOptions {
  /** The symbols to watch, `*` for all instruments. If there are none, the watch waits for `subscribe`. */
  readonly symbols: readonly string[];
  /** The policy for quotes that this client reads too slowly. Default: CONFLATE. */
  readonly policy?: SlowReaderPolicy;
  /** The maximum number of quotes per second of each symbol. Default: no limit. */
  readonly maxRate?: number;
  /** The start: a snapshot (the default), the oldest quote that the server has, or the quotes after a cursor. */
  readonly from?: "snapshot" | "oldest" | MessageInitShape<typeof CursorSchema>;
  /** Whether to continue with a `reset` and a snapshot if the server cannot resume from the cursor. Default: true. */
  readonly resetIfOutOfRange?: boolean;
  /**
   * The interval of the server's heartbeats, in milliseconds. A stream without a response for two intervals fails.
   * Default: 5,000.
   */
  readonly heartbeatMs?: number;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Receives each state when it changes. */
  readonly onState?: (state: WatchState) => void;
  /** Receives the headers of each stream. */
  readonly onHeader?: (header: Headers) => void;
  /** Receives the trailers of each stream that ends with trailers. */
  readonly onTrailer?: (trailer: Headers) => void;
  /** Default: the timers of the platform. */
  readonly timers?: Timers;
  /** Numbers from 0 to below 1. Default: Math.random. */
  readonly random?: () => number;
}

/**
 * A watch of quotes. It can be iterated once. Leaving the loop ends the watch. A slow loop makes the client a slow
 * reader, to which the server applies the policy.
 *
 * A command takes effect at some later point of the iteration, and holds for the following streams too. Its promise
 * resolves with the result of the server, possibly after a reconnect. It rejects with the error of the server, and with
 * CANCELED if the watch ends first. A loop may send a command, but must not await it unless the iteration continues in
 * the meantime.
 */
export interface QuotesWatch extends AsyncIterable<WatchUpdate> {
  /** The cursor after the last update that the loop has processed. Undefined until the first one. */
  readonly cursor: MessageInitShape<typeof CursorSchema> | undefined;
  /** Adds symbols. Each starts with a snapshot. */
  subscribe(symbols: readonly string[], maxRate?: number): Promise<CommandResult>;
  /** Removes symbols. */
  unsubscribe(symbols: readonly string[]): Promise<CommandResult>;
  /** Pauses the quotes of symbols. */
  pause(symbols: readonly string[], mode?: PauseMode): Promise<CommandResult>;
  /** Resumes the quotes of symbols. The result has the number of skipped quotes. */
  resume(symbols: readonly string[]): Promise<CommandResult>;
  /** Limits the quotes per second of symbols. Undefined: no limit. */
  setRate(symbols: readonly string[], maxRate: number | undefined): Promise<CommandResult>;
  /** Lists the subscriptions. */
  list(): Promise<CommandResult>;
  /** The round-trip time of a command, in milliseconds. */
  ping(): Promise<number>;
  /** Ends the current wait for the next attempt, if there is one. */
  retry(): void;
  /** Ends the watch and its iteration. */
  close(): void;
}

/** The default interval of heartbeats, in milliseconds. With it, a dead server is detected within ten seconds. */
const defaultHeartbeatMs = 5_000;

/** The idle timeout of a stream, in heartbeat intervals. When it expires, at least one heartbeat is missing. */
const maxSilentHeartbeats = 2;

/** The maximum number of commands in the first request of a stream. */
const maxStartCommands = 100;

type QuoteClient = Pick<Client<typeof QuoteService>, "watchQuotes" | "updateWatch">;

/**
 * Watches quotes, and reconnects as often as necessary: if a stream breaks, is idle for too long or is ended by the
 * server, the watch resumes from its cursor, after an exponential back-off. The quotes of a symbol arrive in order and
 * once, and every gap is reported. Runs in browsers and in Node, on any Connect transport.
 *
 * The iteration throws errors that are not retryable, such as INVALID_ARGUMENT or UNAUTHENTICATED. It ends without an
 * error when the signal aborts or `close` is called.
 */
export function watchQuotes(client: QuoteClient, options: WatchQuotesOptions): QuotesWatch {
  return new ResumableWatch(client, options);
}

/** A {@link QuotesWatch} that opens one stream after the other. */
class ResumableWatch implements QuotesWatch {
  readonly #client: QuoteClient;
  readonly #options: WatchQuotesOptions;
  readonly #timers: Timers;
  readonly #end = new AbortController();
  readonly #desired: DesiredSubscriptions;
  readonly #commands: WatchCommandSender;
  readonly #reader: WatchResponseReader;
  readonly #call: CallRetryTracker<WatchProgress>;
  readonly #commandAdded = new Condition();
  #isIterated = false;

  constructor(client: QuoteClient, options: WatchQuotesOptions) {
    const { timers = systemTimers, random = Math.random, onState } = options;
    this.#client = client;
    this.#options = options;
    this.#timers = timers;
    this.#call = new CallRetryTracker({ timers, random, ...(onState && { onState }) });
    this.#desired = new DesiredSubscriptions(options.symbols, options.maxRate ?? 0);
    this.#commands = new WatchCommandSender({
      client,
      timers,
      random,
      signal: this.#end.signal,
      onResult: (command, { subscriptions }) => {
        this.#desired.applyResult(command, subscriptions);
        if (this.#call.state === "live" || this.#call.state === "paused") this.#reportProgress();
      },
    });
    this.#reader = new WatchResponseReader({
      desired: this.#desired,
      commands: this.#commands,
      policy: options.policy ?? SlowReaderPolicy.CONFLATE,
    });
    if (options.signal?.aborted) this.close();
    else options.signal?.addEventListener("abort", this.close, { signal: this.#end.signal });
  }

  get cursor(): Cursor | undefined {
    return this.#reader.cursor;
  }

  subscribe(symbols: readonly string[], maxRate?: number): Promise<CommandResult> {
    return this.#send({ case: "subscribe", value: { symbols: [...symbols], maxRate } });
  }

  unsubscribe(symbols: readonly string[]): Promise<CommandResult> {
    return this.#send({ case: "unsubscribe", value: { symbols: [...symbols] } });
  }

  pause(symbols: readonly string[], mode?: PauseMode): Promise<CommandResult> {
    return this.#send({ case: "pause", value: { symbols: [...symbols], mode } });
  }

  resume(symbols: readonly string[]): Promise<CommandResult> {
    return this.#send({ case: "resume", value: { symbols: [...symbols] } });
  }

  setRate(symbols: readonly string[], maxRate: number | undefined): Promise<CommandResult> {
    return this.#send({ case: "setRate", value: { symbols: [...symbols], maxRate } });
  }

  list(): Promise<CommandResult> {
    return this.#send({ case: "listSubscriptions", value: {} });
  }

  async ping(): Promise<number> {
    const sentAt = this.#timers.now();
    await this.#send({ case: "ping", value: {} });
    return this.#timers.now() - sentAt;
  }

  readonly retry = (): void => this.#call.retryNow();

  readonly close = (): void => {
    this.#end.abort();
    this.#commandAdded.notifyAll();
    this.#call.retryNow();
  };

  [Symbol.asyncIterator](): AsyncGenerator<WatchUpdate, undefined> {
    if (this.#isIterated) throw new Error("a watch can be iterated once: call watchQuotes again");
    this.#isIterated = true;
    return this.#run();
  }

  async *#run(): AsyncGenerator<WatchUpdate, undefined> {
    const { signal } = this.#end;
    try {
      while (!signal.aborted) {
        await this.#waitForSymbols();
        if (signal.aborted) break;
        const start = this.#planStart();
        const reason = yield* this.#attempt(start);
        if (signal.aborted) break;
        if (isRetryable(reason)) await this.#call.waitToRetry(reason);
        else if (!this.#rejectCarriedCommand(start, reason)) throw reason;
      }
      return undefined;
    } finally {
      this.close();
    }
  }

  /** Reads one stream to its end. Returns why it ended. */
  async *#attempt(start: WatchStart): AsyncGenerator<WatchUpdate, ConnectError> {
    const { heartbeatMs = defaultHeartbeatMs, onHeader, onTrailer } = this.#options;
    using attempt = new CallAttempt({
      signal: this.#end.signal,
      timers: this.#timers,
      idleTimeoutMs: maxSilentHeartbeats * heartbeatMs,
    });
    this.#reader.begin(start.position === undefined ? "snapshot" : "replay");
    this.#commands.sendFirst(start.commands.slice(maxStartCommands));
    this.#call.begin();
    const { signal } = attempt;
    const request = this.#toRequest(start, heartbeatMs);
    try {
      const responses = this.#client.watchQuotes(request, { signal, onHeader, onTrailer })[Symbol.asyncIterator]();
      for (;;) {
        attempt.idleTimeout.start();
        const next = await attempt.read(responses);
        if (next instanceof ConnectError) return next;
        if (next.done) return new ConnectError("the server ended the stream", Code.Unavailable);
        for (const update of this.#reader.read(next.value)) {
          this.#reportProgress();
          yield update;
        }
        this.#reportProgress();
      }
    } finally {
      this.#commands.setStream(undefined);
    }
  }

  #planStart(): WatchStart {
    const { cursor, isResumable } = this.#reader;
    const { from = "snapshot" } = this.#options;
    return planWatchStart({ desired: this.#desired, pending: this.#commands.pending, cursor, isResumable, from });
  }

  #toRequest({ symbols, position, commands }: WatchStart, heartbeatMs: number) {
    const { policy, maxRate, resetIfOutOfRange = true } = this.#options;
    return {
      symbols,
      slowReaderPolicy: policy,
      maxRate,
      heartbeatInterval: durationFromMs(heartbeatMs),
      resetIfOutOfRange,
      position,
      commands: commands.slice(0, maxStartCommands),
    } satisfies MessageInitShape<typeof WatchQuotesRequestSchema>;
  }

  /** Rejects the command that the start carried, if the server refused the start because of it. Returns whether it did. */
  #rejectCarriedCommand({ carriedCommandId }: WatchStart, reason: ConnectError): boolean {
    if (carriedCommandId === undefined || reason.code !== Code.InvalidArgument) return false;
    return this.#commands.reject(carriedCommandId, reason);
  }

  #reportProgress(): void {
    if (this.#reader.isCaughtUp) this.#call.succeed();
    this.#call.report(this.#reader.state);
  }

  /** Resolves when there are symbols to watch, or the watch ends. */
  async #waitForSymbols(): Promise<void> {
    while (!this.#end.signal.aborted && this.#desired.isEmpty && !this.#hasPendingSubscribe()) {
      await this.#commandAdded.wait();
    }
  }

  #hasPendingSubscribe(): boolean {
    return this.#commands.pending.some(({ command }) => command.case === "subscribe");
  }

  #send(command: MessageInitShape<typeof WatchCommandSchema>["command"]): Promise<CommandResult> {
    const result = this.#commands.send(command);
    if (this.#desired.isEmpty) {
      this.#commandAdded.notifyAll();
      this.#call.retryNow();
    }
    return result;
  }
}
