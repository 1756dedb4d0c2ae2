import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import {
  type CommandResult,
  type Cursor,
  type PauseMode,
  SlowReaderPolicy,
  type WatchCommandSchema,
} from "../../gen/bourse/quote/v1/quote_pb.ts";
import type {
  QuoteService,
  WatchQuotesRequestSchema,
  WatchQuotesResponse,
} from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { IdleTimeout } from "../shared/idle-timeout.ts";
import { backOffMs, isRetryable } from "../shared/retry-policy.ts";
import { systemTimers, type Timers } from "../shared/timers.ts";
import { DesiredSubscriptions } from "./desired-subscriptions.ts";
import { StreamReader } from "./stream-reader.ts";
import { WatchCommands } from "./watch-commands.ts";
import type { QuotesWatch, WatchQuotesOptions } from "./watch-quotes.ts";
import { type WatchStart, watchStart } from "./watch-start.ts";
import type { WatchState, WatchUpdate } from "./watch-update.ts";

/** Often enough that a dead server is noticed within ten seconds. */
const defaultHeartbeatMs = 5_000;

/** A stream that is silent for longer has missed one heartbeat for sure. */
const silentHeartbeats = 2;

/** The most commands that a start takes. */
const maxStartCommands = 100;

type QuoteClient = Pick<Client<typeof QuoteService>, "watchQuotes" | "updateWatch">;

/** {@link QuotesWatch} over one stream after the other. */
export class ResumableWatch implements QuotesWatch {
  readonly #client: QuoteClient;
  readonly #options: WatchQuotesOptions;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #end = new AbortController();
  readonly #wishes: DesiredSubscriptions;
  readonly #commands: WatchCommands;
  readonly #reader: StreamReader;
  #state: WatchState | undefined;
  #failures = 0;
  #begun = false;
  #wake: () => void = () => {};

  constructor(client: QuoteClient, options: WatchQuotesOptions) {
    this.#client = client;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#random = options.random ?? Math.random;
    this.#wishes = new DesiredSubscriptions(options.symbols, options.maxRate ?? 0);
    this.#commands = new WatchCommands({
      client,
      timers: this.#timers,
      random: this.#random,
      signal: this.#end.signal,
      onDone: (command, { subscriptions }) => {
        this.#wishes.done(command, subscriptions);
        if (this.#state?.kind === "live" || this.#state?.kind === "paused") this.#tellProgress();
      },
    });
    this.#reader = new StreamReader({
      wishes: this.#wishes,
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
    return this.#give({ case: "subscribe", value: { symbols: [...symbols], maxRate } });
  }

  unsubscribe(symbols: readonly string[]): Promise<CommandResult> {
    return this.#give({ case: "unsubscribe", value: { symbols: [...symbols] } });
  }

  pause(symbols: readonly string[], mode?: PauseMode): Promise<CommandResult> {
    return this.#give({ case: "pause", value: { symbols: [...symbols], mode } });
  }

  resume(symbols: readonly string[]): Promise<CommandResult> {
    return this.#give({ case: "resume", value: { symbols: [...symbols] } });
  }

  setRate(symbols: readonly string[], maxRate: number | undefined): Promise<CommandResult> {
    return this.#give({ case: "setRate", value: { symbols: [...symbols], maxRate } });
  }

  list(): Promise<CommandResult> {
    return this.#give({ case: "listSubscriptions", value: {} });
  }

  async ping(): Promise<number> {
    const sent = this.#timers.now();
    await this.#give({ case: "ping", value: {} });
    return this.#timers.now() - sent;
  }

  readonly retry = (): void => this.#wake();

  readonly close = (): void => {
    this.#end.abort();
    this.#wake();
  };

  [Symbol.asyncIterator](): AsyncGenerator<WatchUpdate, undefined> {
    if (this.#begun) throw new Error("a watch is iterated once: make another one");
    this.#begun = true;
    return this.#run();
  }

  async *#run(): AsyncGenerator<WatchUpdate, undefined> {
    const { signal } = this.#end;
    try {
      while (!signal.aborted) {
        await this.#somethingToAsk();
        if (signal.aborted) break;
        const start = this.#start();
        const reason = yield* this.#attempt(start);
        if (signal.aborted) break;
        if (isRetryable(reason)) await this.#delay(reason);
        else if (!this.#isOfCommand(start, reason)) throw reason;
      }
      return undefined;
    } finally {
      this.close();
    }
  }

  /** One stream, to its end. Returns why it ended. */
  async *#attempt(start: WatchStart): AsyncGenerator<WatchUpdate, ConnectError> {
    const { heartbeatMs = defaultHeartbeatMs, onHeader, onTrailer } = this.#options;
    const attempt = new AbortController();
    const silenceMs = silentHeartbeats * heartbeatMs;
    const watchdog = new IdleTimeout(this.#timers, silenceMs, () =>
      attempt.abort(new ConnectError(`nothing came for ${silenceMs / 1000} s`, Code.Unavailable)),
    );
    this.#reader.begin(start.position === undefined ? "snapshot" : "replay");
    this.#commands.precede(start.commands.slice(maxStartCommands));
    this.#tell({ kind: "connecting" });
    const signal = AbortSignal.any([this.#end.signal, attempt.signal]);
    const request = this.#request(start, heartbeatMs);
    const responses = this.#client.watchQuotes(request, { signal, onHeader, onTrailer })[Symbol.asyncIterator]();
    try {
      for (;;) {
        watchdog.listen();
        const next = await responses.next().catch((reason: unknown) => ConnectError.from(reason));
        watchdog.hear();
        if (attempt.signal.aborted) return attempt.signal.reason;
        if (next instanceof ConnectError) return next;
        if (next.done) return new ConnectError("the server ended the stream", Code.Unavailable);
        yield* this.#read(next.value);
      }
    } finally {
      watchdog.stop();
      attempt.abort();
      this.#commands.use(undefined);
    }
  }

  *#read(response: WatchQuotesResponse): Generator<WatchUpdate, undefined> {
    for (const update of this.#reader.read(response)) {
      this.#tellProgress();
      yield update;
    }
    this.#tellProgress();
    return undefined;
  }

  #start(): WatchStart {
    const { cursor, isResumable } = this.#reader;
    const { from = "snapshot" } = this.#options;
    return watchStart({ wishes: this.#wishes, pending: this.#commands.pending, cursor, isResumable, from });
  }

  #request({ symbols, position, commands }: WatchStart, heartbeatMs: number) {
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

  /** Whether the server refused the command that the start carried, which is then told so. */
  #isOfCommand({ carried }: WatchStart, reason: ConnectError): boolean {
    return carried !== undefined && reason.code === Code.InvalidArgument && this.#commands.refuse(carried, reason);
  }

  #tellProgress(): void {
    if (this.#reader.isSettled) this.#failures = 0;
    const kind = this.#reader.state;
    if (kind !== this.#state?.kind) this.#tell({ kind });
  }

  #tell(state: WatchState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }

  async #delay(reason: ConnectError): Promise<void> {
    const delayMs = backOffMs(++this.#failures, this.#random());
    const over = this.#woken(delayMs);
    this.#tell({ kind: "retrying", failures: this.#failures, delayMs, reason });
    await over;
  }

  async #somethingToAsk(): Promise<void> {
    while (!this.#end.signal.aborted && this.#wishes.isEmpty && !this.#subscribes()) await this.#woken();
  }

  #subscribes(): boolean {
    return this.#commands.pending.some(({ command }) => command.case === "subscribe");
  }

  /** Resolves after so many milliseconds, or when woken. */
  async #woken(millis?: number): Promise<void> {
    let stop = () => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (millis !== undefined) stop = this.#timers.after(millis, resolve);
    });
    stop();
  }

  #give(command: MessageInitShape<typeof WatchCommandSchema>["command"]): Promise<CommandResult> {
    const result = this.#commands.add(command);
    if (this.#wishes.isEmpty) this.#wake();
    return result;
  }
}
