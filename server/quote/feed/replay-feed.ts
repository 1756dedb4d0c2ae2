import { create } from "@bufbuild/protobuf";
import type { ColumnMapping } from "../../../client/quote/tick-columns.ts";
import { type MicroClock, monotonicClock } from "../../../client/shared/micro-time.ts";
import { type Instrument, InstrumentSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { systemWait, type Wait } from "../../shared/timers.ts";
import { lineError } from "./csv-rows.ts";
import { FeedError, type QuoteFeed, type Tick } from "./quote-feed.ts";
import { ticksOfFile } from "./tick-file.ts";
import { TickPacer } from "./tick-pacer.ts";

/** How many rows a file may have that is not in the order of time: such a file is sorted in memory. */
const maxSortedRows = 200_000;

export interface ReplayFeedOptions {
  readonly path: string;
  /** Measures the pace. Default: a clock that only runs forward. */
  readonly now?: MicroClock;
  /** Default: the system's timers. */
  readonly wait?: Wait;
  /**
   * How many times as fast as the source's own times; Infinity: as fast as the hub takes it. Default: 1, with which
   * daily bars come one a day: a speed of 86,400 makes it one a second.
   */
  readonly speed?: number;
  /** Default: {@link maxSortedRows}. */
  readonly maxSortedRows?: number;
  /** Whether to begin again at the end, with the same times. Default: false, the last quotes stay. */
  readonly loop?: boolean;
  /** Which columns have what, where their names do not tell. */
  readonly columns?: ColumnMapping;
}

/**
 * Opens a CSV file of ticks or bars to be played back. Its first row names the columns: a time (`timestamp`, `time`,
 * `date`), prices (`bid`, `ask`, and `last`, `price` or `close`), and optionally `symbol` (else the file's name in
 * capitals), `open`, `high`, `low`, `previous_close`, `volume`, `bid_size`, `ask_size`, `last_size`, `source_seq`; other
 * names are told by `columns`. A row that sums up a day (`date`, or a `close`) is a bar. The quotes keep the source's times to the microsecond; a day's bar has the day's first moment.
 *
 * Reads the whole file once to find the instruments and every error in it. Rejects with a {@link FeedError} that
 * names the file and the line.
 */
export async function openReplayFeed(options: ReplayFeedOptions): Promise<QuoteFeed> {
  const { path, now = monotonicClock, wait = systemWait, speed = 1, loop = false, columns } = options;
  if (!(speed > 0)) throw new FeedError(`the replay's speed is ${speed}: choose a number above 0, or Infinity`);
  const file = { path, ...(columns && { columns }) };
  const { instruments, inOrder, areBars } = await survey(file, options.maxSortedRows ?? maxSortedRows);
  return {
    instruments,
    areBars,
    async run(publish, signal) {
      do {
        const pacer = new TickPacer({ now, wait, speed, publish, signal });
        for await (const tick of inOrder ? ticksInOrder(file) : await sortedTicks(file)) {
          if (signal.aborted) return;
          await pacer.take(tick);
        }
        await pacer.flush();
      } while (loop && !signal.aborted);
    },
  };
}

interface File {
  readonly path: string;
  readonly columns?: ColumnMapping;
}

interface Survey {
  readonly instruments: readonly Instrument[];
  /** Whether the rows are in the order of time across all symbols, and not only within each. */
  readonly inOrder: boolean;
  readonly areBars: boolean;
}

async function survey({ path, columns }: File, maxRowsToSort: number): Promise<Survey> {
  const symbols = new Set<string>();
  let newest = Number.NEGATIVE_INFINITY;
  let rows = 0;
  let firstBack: number | undefined;
  let areBars = false;
  const onKind = (are: boolean) => {
    areBars = are;
  };
  for await (const { line, tick } of ticksOfFile(path, { ...(columns && { columns }), onKind })) {
    symbols.add(tick.symbol);
    rows++;
    if (tick.sourceTime < newest) firstBack ??= line;
    newest = tick.sourceTime;
    if (firstBack !== undefined && rows > maxRowsToSort) {
      const problem = `time runs backwards: sort the file by time, as it has more than ${maxRowsToSort} rows`;
      throw lineError(path, firstBack, problem);
    }
  }
  const instruments = Array.from(symbols, (symbol) => create(InstrumentSchema, { symbol }));
  return { instruments, inOrder: firstBack === undefined, areBars };
}

async function* ticksInOrder({ path, ...options }: File): AsyncGenerator<Tick> {
  for await (const { tick } of ticksOfFile(path, options)) yield tick;
}

async function sortedTicks(file: File): Promise<Tick[]> {
  const ticks = await Array.fromAsync(ticksInOrder(file));
  return ticks.sort((a, b) => a.sourceTime - b.sourceTime);
}
