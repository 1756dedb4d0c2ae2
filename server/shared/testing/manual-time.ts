import { type MicroClock, type MicroTime, microsPerMilli } from "../../../client/shared/micro-time.ts";
import { ManualTimers } from "../../../client/shared/testing/manual-timers.ts";
import type { Timers } from "../../../client/shared/timers.ts";

/** 2026-01-05T14:30:00Z, a Monday. */
export const someMonday: MicroTime = 1_767_623_400_000_000;

/** A wall clock for tests, with timers of the same time. */
export class ManualTime {
  readonly #start: MicroTime;

  constructor(start: MicroTime = someMonday) {
    this.#start = start;
  }

  /** The time does not change until a test calls {@link advance}. */
  readonly timers = new ManualTimers();

  /** Timers of code with one task at a time. Each task runs immediately, and advances the time to its due time. */
  readonly instantTimers: Timers = {
    now: () => this.timers.now(),
    after: (millis, task) => {
      let isCancelled = false;
      queueMicrotask(() => {
        if (isCancelled) return;
        this.advance(millis);
        task();
      });
      return () => {
        isCancelled = true;
      };
    },
    every: () => {
      throw new Error("an immediate timer cannot run a repeating task");
    },
  };

  readonly now: MicroClock = () => this.#start + Math.round(this.timers.now() * microsPerMilli);

  /** Advances the time by a number of milliseconds. Runs the tasks of {@link timers} that become due. */
  advance(millis: number): void {
    this.timers.advance(millis);
  }
}
