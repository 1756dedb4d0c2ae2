import { type MicroClock, microsPerMilli, microsPerSecond } from "../../../client/shared/micro-time.ts";
import type { Timers } from "../../../client/shared/timers.ts";
import type { PublishTicks } from "../../../server/quote/feed/quote-feed.ts";
import type { TickingMarket } from "../shared/bench-handlers.ts";
import { tickAt } from "../shared/tick-source.ts";

const instrumentCount = 1_000;

/**
 * The interval of the steps, in microseconds. The ticks of a step are published together, like those of a feed that
 * reads several ticks at a time.
 */
export const stepMicros = 10_000;

/** The maximum number of late steps that run before the market yields to the event loop. */
export const maxStepsAtOnce = 10;

/** The symbols of the market, `M000` to `M999`. Each tick has the next symbol. */
export const marketSymbols: readonly string[] = Array.from(
  { length: instrumentCount },
  (_, index) => `M${String(index).padStart(3, "0")}`,
);

export interface MarketOptions {
  readonly publish: PublishTicks;
  readonly now: MicroClock;
  readonly timers: Timers;
}

/**
 * Publishes ticks on a timer, in steps. The source time of a tick is the due time of its step, so a server that is too
 * busy to publish in time has a longer delay, not fewer ticks.
 */
export class Market implements TickingMarket {
  readonly #options: MarketOptions;
  #made = 0;

  constructor(options: MarketOptions) {
    this.#options = options;
  }

  get made(): number {
    return this.#made;
  }

  start(ticksPerSecond: number): () => void {
    const { publish, now, timers } = this.#options;
    const begin = now();
    const madeBefore = this.#made;
    let steps = 0;
    let stop = () => {};

    const catchUp = () => {
      const end = Math.min(Math.floor((now() - begin) / stepMicros), steps + maxStepsAtOnce);
      for (; steps < end; steps++) {
        const count = Math.floor(((steps + 1) * stepMicros * ticksPerSecond) / microsPerSecond);
        publish(this.#ticksUpTo(madeBefore + count, begin + (steps + 1) * stepMicros));
      }
      const untilNext = begin + (steps + 1) * stepMicros - now();
      stop = timers.after(Math.max(1, untilNext / microsPerMilli), catchUp);
    };
    catchUp();
    return () => stop();
  }

  #ticksUpTo(count: number, dueAt: number) {
    const ticks = [];
    for (; this.#made < count; this.#made++) ticks.push(tickAt(this.#made, marketSymbols, dueAt));
    return ticks;
  }
}
