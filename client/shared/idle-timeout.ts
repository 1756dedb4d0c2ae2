import type { Timers } from "./timers.ts";

/** Notices that nothing comes. One timer, however often something does. */
export class IdleTimeout {
  readonly #timers: Timers;
  readonly #limitMs: number;
  readonly #onSilence: () => void;
  #listeningSince: number | undefined;
  #stopTimer: () => void;

  /** Calls `onSilence`, once, when one wait has lasted for `limitMs`. */
  constructor(timers: Timers, limitMs: number, onSilence: () => void) {
    this.#timers = timers;
    this.#limitMs = limitMs;
    this.#onSilence = onSilence;
    this.#stopTimer = timers.after(limitMs, this.#check);
  }

  /** Something is waited for from now on. */
  listen(): void {
    this.#listeningSince = this.#timers.now();
  }

  /** It came. Until the next `listen` nothing is expected: who does not read cannot tell whether something came. */
  hear(): void {
    this.#listeningSince = undefined;
  }

  /** Nothing is noticed from now on. */
  stop(): void {
    this.#stopTimer();
  }

  readonly #check = (): void => {
    const now = this.#timers.now();
    const left = (this.#listeningSince ?? now) + this.#limitMs - now;
    if (left <= 0) this.#onSilence();
    else this.#stopTimer = this.#timers.after(left, this.#check);
  };
}
