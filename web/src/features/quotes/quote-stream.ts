import { ConnectError } from "@connectrpc/connect";
import { errorSentence, mayRetry } from "../../shared/error-sentence.ts";
import { isOpen, nextStreamState, type StreamEvent, type StreamState } from "./stream-state.ts";

/** How often the server is asked for a sign of life, in milliseconds. */
export const heartbeatMs = 5_000;

/** A stream on which nothing came for three heartbeats is taken as dead. */
export const silenceMs = 3 * heartbeatMs;

/** What a stream needs from outside. */
export interface QuoteStreamOptions<Response> {
  /** Opens the stream; every response counts as a sign of life. Ends or throws soon after `signal` aborts. */
  open(signal: AbortSignal): AsyncIterable<Response>;
  /** Takes a response of the attempt that is under way; responses of older attempts are dropped. */
  onResponse(response: Response): void;
  /** Takes the error with which an attempt under way ended; undefined where it ended without one. */
  onEnd(error: ConnectError | undefined): void;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** A number from 0 to below 1. */
  random(): number;
}

/**
 * Keeps one stream open: at most one attempt at a time, again after it was lost, until it is told to stop. The states
 * and their order are in stream-state.ts; this does what they ask for.
 */
export class QuoteStream<Response> {
  readonly #options: QuoteStreamOptions<Response>;
  readonly #listeners = new Set<() => void>();
  #state: StreamState = { kind: "idle" };
  #attempt: AbortController | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: QuoteStreamOptions<Response>) {
    this.#options = options;
  }

  /** The state now: the same object until it changes. */
  readonly state = (): StreamState => this.#state;

  /** Calls the listener after each change of the state; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Has an event happen. */
  send(event: StreamEvent): void {
    const next = nextStreamState(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    clearTimeout(this.#retryTimer);
    if (next.kind === "connecting") this.#begin();
    if (!isOpen(next)) this.#abandon();
    if (next.kind === "waiting") this.#retryAt(next.retryAt);
    for (const listener of this.#listeners) listener();
  }

  #abandon(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
  }

  #retryAt(time: number): void {
    this.#retryTimer = setTimeout(() => this.send({ kind: "retry" }), Math.max(0, time - this.#options.now()));
  }

  #begin(): void {
    this.#abandon();
    this.#attempt = new AbortController();
    void this.#run(this.#attempt.signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const watchdog = new Watchdog(this.#options.now, () => {
      if (!signal.aborted) this.#lost(`Nothing came for ${silenceMs / 1000} seconds.`);
    });
    try {
      for await (const response of this.#options.open(signal)) {
        if (signal.aborted) return;
        watchdog.feed();
        this.send({ kind: "opened" });
        this.#options.onResponse(response);
      }
      if (signal.aborted) return;
      this.#options.onEnd(undefined);
      this.#lost("The server ended the stream.");
    } catch (reason) {
      if (signal.aborted) return;
      this.#options.onEnd(ConnectError.from(reason));
      if (mayRetry(reason)) this.#lost(errorSentence(reason));
      else this.send({ kind: "refused", reason: errorSentence(reason) });
    } finally {
      watchdog.stop();
    }
  }

  #lost(reason: string): void {
    this.send({ kind: "lost", reason, now: this.#options.now(), random: this.#options.random() });
  }
}

/** Calls `onSilence` once nothing was heard for `silenceMs`. One timer, however often it is fed. */
class Watchdog {
  readonly #now: () => number;
  readonly #onSilence: () => void;
  #heard: number;
  #timer: ReturnType<typeof setTimeout>;

  constructor(now: () => number, onSilence: () => void) {
    this.#now = now;
    this.#onSilence = onSilence;
    this.#heard = now();
    this.#timer = setTimeout(this.#check, silenceMs);
  }

  feed(): void {
    this.#heard = this.#now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #check = (): void => {
    const left = this.#heard + silenceMs - this.#now();
    if (left <= 0) this.#onSilence();
    else this.#timer = setTimeout(this.#check, left);
  };
}
