import { type MicroClock, type MicroTime, microsPerMilli } from "../../../client/shared/micro-time.ts";
import { ManualTimers } from "../../../client/shared/testing/manual-timers.ts";
import type { Interval, Wait } from "../timers.ts";

/** 2026-01-05T14:30:00Z, a Monday. */
export const someMonday: MicroTime = 1_767_623_400_000_000;

/** A clock and timers for tests: time passes only where something waits for it, and then at once. */
export class ManualTime {
  readonly #start: MicroTime;
  readonly #beats = new Set<() => void>();

  constructor(start: MicroTime = someMonday) {
    this.#start = start;
  }

  /** Tasks that run when their time has come. */
  readonly timers = new ManualTimers();

  readonly now: MicroClock = () => this.#start + Math.round(this.timers.now() * microsPerMilli);

  readonly wait: Wait = async (millis, signal) => {
    if (!signal.aborted) this.advance(millis);
  };

  readonly every: Interval = (_millis, beat) => {
    this.#beats.add(beat);
    return () => this.#beats.delete(beat);
  };

  /** How many timers of `every` run. */
  get timerCount(): number {
    return this.#beats.size;
  }

  /** Advances the time, and runs the tasks of the timers that become due. Timers of `every` do not run. */
  advance(millis: number): void {
    this.timers.advance(millis);
  }

  /** Makes all timers of `every` beat once. */
  beat(): void {
    for (const beat of this.#beats) beat();
  }
}
