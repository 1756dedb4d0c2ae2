import type { MicroTime } from "../../../client/shared/micro-time.ts";
import type { Tick } from "../feed/quote-feed.ts";

/**
 * Measures the volume of one instrument from tick to tick: the increase of the session's volume if the source has it,
 * else the size of each new trade.
 */
export class VolumeMeter {
  /** The session's volume at the newest tick; undefined if the source has none. */
  session: bigint | undefined;
  /** Until when a restored `session` is valid. Infinity after the first tick. */
  #sessionEnd: MicroTime = Number.POSITIVE_INFINITY;
  #open: number | undefined;
  #previousClose: number | undefined;
  #last: number | undefined;
  #lastSize: bigint | undefined;

  /** Continues with a stored volume. The volume is ignored if the next tick is at `end` or later: the candles of the trades since then
   * are not known. */
  restore(session: bigint | undefined, end: MicroTime): void {
    this.session = session;
    this.#sessionEnd = end;
  }

  /**
   * Adds a tick, and returns the volume since the previous one; undefined if the tick has no volume and no size. The
   * session's volume is ignored if the tick is late: its source time is before that of a tick that has already arrived.
   */
  add(tick: Tick, isLate: boolean): bigint | undefined {
    if (tick.volume !== undefined) return isLate ? 0n : this.#sincePreviousTick(tick, tick.volume);
    if (tick.last === undefined || tick.lastSize === undefined) return undefined;
    // If the source has a session volume, the next one contains this trade.
    return this.#previous(tick) === undefined ? this.#newTrade(tick, tick.lastSize, isLate) : 0n;
  }

  /** Returns the session's volume at the previous tick, if it is valid. */
  #previous({ sourceTime }: Tick): bigint | undefined {
    return sourceTime < this.#sessionEnd ? this.session : undefined;
  }

  #sincePreviousTick(tick: Tick, volume: bigint): bigint {
    const previous = this.#previous(tick);
    const isNewSession = differ(this.#open, tick.open) || differ(this.#previousClose, tick.previousClose);
    this.session = volume;
    this.#sessionEnd = Number.POSITIVE_INFINITY;
    this.#open = tick.open ?? this.#open;
    this.#previousClose = tick.previousClose ?? this.#previousClose;
    if (previous === undefined) return 0n;
    return isNewSession || volume < previous ? volume : volume - previous;
  }

  /**
   * The trade of a tick without bid and ask is new. Otherwise it is new if it differs from the trade of the previous tick
   * that had bid or ask.
   */
  #newTrade(tick: Tick, size: bigint, isLate: boolean): bigint {
    if (tick.bid === undefined && tick.ask === undefined) return size;
    const isFirst = this.#lastSize === undefined;
    const isNew = this.#last !== tick.last || this.#lastSize !== size;
    if (!isLate) {
      this.#last = tick.last;
      this.#lastSize = size;
    }
    return isNew && !isFirst && !isLate ? size : 0n;
  }
}

function differ(one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
