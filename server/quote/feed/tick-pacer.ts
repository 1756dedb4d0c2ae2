import { type MicroClock, type MicroTime, microsPerMilli } from "../../../client/shared/micro-time.ts";
import { maxWaitMillis, type Wait } from "../../shared/timers.ts";
import type { PublishTicks, Tick } from "./quote-feed.ts";

/** How many ticks are published at once where many are due: between batches the event loop gets its turn. */
export const maxBatchTicks = 1_000;

export interface TickPacerOptions {
  readonly now: MicroClock;
  readonly wait: Wait;
  /** How many times as fast as the ticks' own times; may be Infinity. */
  readonly speed: number;
  readonly publish: PublishTicks;
  readonly signal: AbortSignal;
}

/**
 * Publishes ticks at the pace of their own times, the first at once. Ticks that are due together go together. Each is
 * due by the clock, not by the one before, so that delays do not add up.
 */
export class TickPacer {
  readonly #options: TickPacerOptions;
  #batch: Tick[] = [];
  #start: { readonly clock: MicroTime; readonly source: MicroTime } | undefined;

  constructor(options: TickPacerOptions) {
    this.#options = options;
  }

  /** Takes the next tick. Resolves when it is due, or the signal has aborted. */
  async take(tick: Tick): Promise<void> {
    const { now, wait, speed, signal } = this.#options;
    this.#start ??= { clock: now(), source: tick.sourceTime };
    const due = this.#start.clock + (tick.sourceTime - this.#start.source) / speed;
    if (this.#batch.length === maxBatchTicks || due > now()) await this.flush();
    for (let early = due - now(); early > 0 && !signal.aborted; early = due - now()) {
      await wait(Math.min(Math.ceil(early / microsPerMilli), maxWaitMillis), signal);
    }
    this.#batch.push(tick);
  }

  /** Publishes what is due and not yet published, and gives the event loop a turn. */
  async flush(): Promise<void> {
    const { publish, wait, signal } = this.#options;
    if (this.#batch.length === 0 || signal.aborted) return;
    publish(this.#batch);
    this.#batch = [];
    await wait(0, signal);
  }
}
