import { create } from "@bufbuild/protobuf";
import type { TickColumnMapping } from "../../../client/quote/tick-csv-columns.ts";
import { type MicroTime, microsPerMilli } from "../../../client/shared/micro-time.ts";
import { systemTimers, type Timers } from "../../../client/shared/timers.ts";
import { type Instrument, InstrumentSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { sleep } from "../../shared/sleep.ts";
import { FeedError, type PublishTicks, type QuoteFeed, type Tick } from "./quote-feed.ts";
import { lineError, readTickFile } from "./read-tick-file.ts";

/** The maximum number of rows of a file that is not in the order of time: such a file is sorted in memory. */
const maxSortedRows = 200_000;

/** The maximum number of ticks of one batch: the feed yields to the event loop after each. */
export const maxBatchTicks = 1_000;

export interface ReplayFeedOptions {
  /** The path of the CSV file. */
  readonly path: string;
  /** Default: {@link systemTimers}. */
  readonly timers?: Timers;
  /**
   * The multiple of the source's speed; Infinity: as fast as possible. Default: 1. A day's bars come one a second at
   * a speed of 86,400.
   */
  readonly speed?: number;
  /** Default: {@link maxSortedRows}. */
  readonly maxSortedRows?: number;
  /** Whether to start again at the end of the file, with the same times. Default: false. */
  readonly loop?: boolean;
  /** Which columns contain what, if their names do not show it. */
  readonly columns?: TickColumnMapping;
}

/**
 * Opens a feed that replays the ticks or bars of a CSV file. The first row names the columns: a time (`timestamp`,
 * `datetime`, `time`, `date`), prices (`bid`, `ask`, and `last`, `price` or `close`), and optionally `symbol` (default: the file's
 * name in capitals), `open`, `high`, `low`, `previous_close`, `volume`, `bid_size`, `ask_size`, `last_size`,
 * `source_seq`; `columns` maps other names. A row that sums up a day (it has a `date` or a `close`) is a bar. Quotes keep
 * the source's times to the microsecond; the time of a day's bar is the first moment of the day.
 *
 * Reads the whole file once to find the instruments and all errors. Rejects with a {@link FeedError} that names the file
 * and the line.
 */
export async function openReplayFeed(options: ReplayFeedOptions): Promise<QuoteFeed> {
  const { path, timers = systemTimers, speed = 1, loop = false, columns } = options;
  if (!(speed > 0)) throw new FeedError(`the replay's speed is ${speed}: choose a number above 0, or Infinity`);
  const file = { path, ...(columns && { columns }) };
  const { instruments, isSorted, areBars } = await survey(file, options.maxSortedRows ?? maxSortedRows);
  return {
    instruments,
    areBars,
    async run(publish, signal) {
      do {
        const pacer = new TickPacer({ timers, speed, publish, signal });
        for await (const tick of isSorted ? readTicks(file) : await readSortedTicks(file)) {
          if (signal.aborted) return;
          await pacer.add(tick);
        }
        await pacer.flush();
      } while (loop && !signal.aborted);
    },
  };
}

interface File {
  readonly path: string;
  readonly columns?: TickColumnMapping;
}

interface Survey {
  readonly instruments: readonly Instrument[];
  /** Whether the rows of all symbols together are in the order of time. */
  readonly isSorted: boolean;
  readonly areBars: boolean;
}

async function survey({ path, columns }: File, maxRowsToSort: number): Promise<Survey> {
  const symbols = new Set<string>();
  let newest = Number.NEGATIVE_INFINITY;
  let rows = 0;
  let firstUnsortedLine: number | undefined;
  let areBars = false;
  const onKind = (are: boolean) => {
    areBars = are;
  };
  for await (const { line, tick } of readTickFile(path, { ...(columns && { columns }), onKind })) {
    symbols.add(tick.symbol);
    rows++;
    if (tick.sourceTime < newest) firstUnsortedLine ??= line;
    newest = tick.sourceTime;
    if (firstUnsortedLine !== undefined && rows > maxRowsToSort) {
      const problem = `time runs backwards, and the file has more than ${maxRowsToSort} rows: sort it by time`;
      throw lineError(path, firstUnsortedLine, problem);
    }
  }
  const instruments = Array.from(symbols, (symbol) => create(InstrumentSchema, { symbol }));
  return { instruments, isSorted: firstUnsortedLine === undefined, areBars };
}

async function* readTicks({ path, ...options }: File): AsyncGenerator<Tick> {
  for await (const { tick } of readTickFile(path, options)) yield tick;
}

async function readSortedTicks(file: File): Promise<Tick[]> {
  const ticks = await Array.fromAsync(readTicks(file));
  return ticks.sort((a, b) => a.sourceTime - b.sourceTime);
}

interface TickPacerOptions {
  readonly timers: Timers;
  readonly speed: number;
  readonly publish: PublishTicks;
  readonly signal: AbortSignal;
}

/**
 * Publishes ticks at the pace of their source times, the first at once, and those that are due together in one batch. Each
 * due time is computed from the first tick, not from the one before, so that delays do not add up.
 */
class TickPacer {
  readonly #options: TickPacerOptions;
  #batch: Tick[] = [];
  #start: { readonly millis: number; readonly sourceTime: MicroTime } | undefined;

  constructor(options: TickPacerOptions) {
    this.#options = options;
  }

  /** Adds the next tick. Resolves when it is due, or when the signal has aborted. */
  async add(tick: Tick): Promise<void> {
    const { timers, speed, signal } = this.#options;
    this.#start ??= { millis: timers.now(), sourceTime: tick.sourceTime };
    const due = this.#start.millis + (tick.sourceTime - this.#start.sourceTime) / microsPerMilli / speed;
    if (this.#batch.length === maxBatchTicks || due > timers.now()) await this.flush();
    for (let early = due - timers.now(); early > 0 && !signal.aborted; early = due - timers.now()) {
      await sleep(timers, Math.ceil(early), signal);
    }
    this.#batch.push(tick);
  }

  /** Publishes the batch, and yields to the event loop. */
  async flush(): Promise<void> {
    const { timers, publish, signal } = this.#options;
    if (this.#batch.length === 0 || signal.aborted) return;
    publish(this.#batch);
    this.#batch = [];
    await sleep(timers, 0, signal);
  }
}
