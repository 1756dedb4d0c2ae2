import { basename, extname } from "node:path";
import { type ColumnMapping, TickColumns } from "../../../client/quote/tick-columns.ts";
import { CsvRowError } from "../../../client/shared/csv-columns.ts";
import type { MicroTime } from "../../../client/shared/micro-time.ts";
import { csvRows, lineError } from "./csv-rows.ts";
import { FeedError, maxInstruments, type Tick } from "./quote-feed.ts";

/** A tick and the line of the file that it stands on. */
export interface TickOfLine {
  readonly line: number;
  readonly tick: Tick;
}

/** What must be remembered of each symbol while a file is read. */
interface Newest {
  readonly time: MicroTime;
  readonly line: number;
  readonly last: number | undefined;
}

/** What can be told of a file besides its name. */
export interface TickFileOptions {
  /** Which columns have what, where their names do not tell. */
  readonly columns?: ColumnMapping;
  /** Gets whether the rows are bars, when the header has been read. */
  readonly onKind?: (areBars: boolean) => void;
}

/**
 * Streams the ticks of a CSV file, in the file's order. Each symbol's are in the order of time. The close of one bar
 * is the previous close of the next, where the file does not say. Memory grows with the symbols, not with the file.
 *
 * Throws a {@link FeedError} that names the file and the line.
 */
export async function* ticksOfFile(path: string, options: TickFileOptions = {}): AsyncGenerator<TickOfLine> {
  const newestOf = new Map<string, Newest>();
  let columns: TickColumns | undefined;
  for await (const { line, cells } of csvRows(path)) {
    if (columns === undefined) {
      columns = atLine(path, line, () => new TickColumns(cells, symbolOfFile(path), options.columns));
      options.onKind?.(columns.areBars);
      continue;
    }
    const known = columns;
    const tick = atLine(path, line, () => known.read(cells));
    const newest = newestOf.get(tick.symbol);
    if (newest === undefined && newestOf.size === maxInstruments) {
      throw lineError(path, line, `${tick.symbol} is one instrument too many: there may be ${maxInstruments}`);
    }
    if (newest !== undefined && tick.sourceTime < newest.time) {
      throw lineError(path, line, `the time of ${tick.symbol} runs backwards: it is before line ${newest.line}`);
    }
    newestOf.set(tick.symbol, { time: tick.sourceTime, line, last: tick.last });
    yield { line, tick: known.areBars ? { ...tick, previousClose: tick.previousClose ?? newest?.last } : tick };
  }
  if (columns === undefined) throw new FeedError(`${path}: the file is empty: its first row names the columns`);
  if (newestOf.size === 0) throw new FeedError(`${path}: the file has a header and no rows`);
}

/** What `read` gives; where the row is at fault, the error tells where it stands. */
function atLine<T>(path: string, line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof CsvRowError ? lineError(path, line, error.message) : error;
  }
}

/** The file's name in capitals, without its folder and its ending. */
function symbolOfFile(path: string): string {
  return basename(path, extname(path)).toUpperCase();
}
