import type { MicroTime } from "../../../client/shared/micro-time.ts";
import type { Tick } from "../feed/quote-feed.ts";

/**
 * Tells how much of one instrument was traded from tick to tick: the difference of the session's volume where the
 * source tells that, else the size of each new trade.
 */
export class VolumeMeter {
  /** The session's volume at the newest tick; undefined where the source does not tell it. */
  session: bigint | undefined;
  /** Until when the volume that was there at the start counts; without end once a tick was seen. */
  #sessionEnd: MicroTime = Number.POSITIVE_INFINITY;
  #open: number | undefined;
  #previousClose: number | undefined;
  #last: number | undefined;
  #lastSize: bigint | undefined;

  /** Goes on with a volume that was stored. A tick at `end` or later counts as the first: too much may have happened. */
  restore(session: bigint | undefined, end: MicroTime): void {
    this.session = session;
    this.#sessionEnd = end;
  }

  /**
   * How much was traded between the tick before and this one; undefined where the tick does not tell. Ticks that are
   * `late`, older than one before, tell no difference: they count with the size of their trade or not at all.
   */
  take(tick: Tick, late: boolean): bigint | undefined {
    if (tick.volume !== undefined) return late ? 0n : this.#sinceTickBefore(tick, tick.volume);
    if (tick.last === undefined || tick.lastSize === undefined) return undefined;
    // The next volume of the session has the trade.
    return this.#before(tick) === undefined ? this.#newTrade(tick, tick.lastSize, late) : 0n;
  }

  /** The session's volume at the tick before, where it still counts. */
  #before({ sourceTime }: Tick): bigint | undefined {
    return sourceTime < this.#sessionEnd ? this.session : undefined;
  }

  #sinceTickBefore(tick: Tick, volume: bigint): bigint {
    const before = this.#before(tick);
    const restarted = differ(this.#open, tick.open) || differ(this.#previousClose, tick.previousClose);
    this.session = volume;
    this.#sessionEnd = Number.POSITIVE_INFINITY;
    this.#open = tick.open ?? this.#open;
    this.#previousClose = tick.previousClose ?? this.#previousClose;
    if (before === undefined) return 0n;
    return restarted || volume < before ? volume : volume - before;
  }

  /** A tick with a trade alone is a new one; beside a bid or an ask it is where it differs from the one before. */
  #newTrade(tick: Tick, size: bigint, late: boolean): bigint {
    if (tick.bid === undefined && tick.ask === undefined) return size;
    const isFirst = this.#lastSize === undefined;
    const isNew = this.#last !== tick.last || this.#lastSize !== size;
    if (!late) {
      this.#last = tick.last;
      this.#lastSize = size;
    }
    return isNew && !isFirst && !late ? size : 0n;
  }
}

function differ(one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
