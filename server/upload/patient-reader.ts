import type { Timers } from "../../client/timers.ts";

export interface PatientReaderOptions {
  readonly timers: Timers;
  /** How long the source may be silent, in ms. */
  readonly stallMs: number;
  /** What a read fails with when it was silent for longer. */
  readonly onStall: () => Error;
}

/**
 * Reads a stream whose end may never be told: a read fails when nothing comes for too long, and at once when `stop` is
 * called. Only the time that is spent on waiting counts. Disposing of it stops its timer.
 */
export class PatientReader<T> implements AsyncIterable<T>, AsyncIterator<T>, Disposable {
  readonly #source: AsyncIterator<T>;
  readonly #options: PatientReaderOptions;
  #waiting: { readonly sinceMs: number; readonly reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;
  #cancelTimer: () => void;

  constructor(source: AsyncIterable<T>, options: PatientReaderOptions) {
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
    this.#cancelTimer = this.#check(options.stallMs);
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.next() };
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { sinceMs: this.#options.timers.now(), reject };
      this.#source.next().then(
        (result) => {
          this.#waiting = undefined;
          resolve(result);
        },
        (error) => {
          this.#waiting = undefined;
          reject(error);
        },
      );
    });
  }

  /** Fails the read that waits, and all that follow. */
  stop(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
  }

  /** One timer looks from time to time: one for each read would cost more than the read. */
  #check(afterMs: number): () => void {
    return this.#options.timers.after(afterMs, () => {
      const { timers, stallMs, onStall } = this.#options;
      const silentMs = this.#waiting === undefined ? 0 : timers.now() - this.#waiting.sinceMs;
      if (silentMs >= stallMs) this.stop(onStall());
      else this.#cancelTimer = this.#check(stallMs - silentMs);
    });
  }
}
