import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { type TickColumnMapping, TickCsvColumns, tickFileDialect } from "../../../client/quote/tick-csv-columns.ts";
import { CsvRowError } from "../../../client/shared/csv-column-mapping.ts";
import type { MicroTime } from "../../../client/shared/micro-time.ts";
import { FeedError, maxInstruments, type Tick } from "./quote-feed.ts";

/** A tick and the number of its line in the file, counted from 1. */
export interface TickOfLine {
  readonly line: number;
  readonly tick: Tick;
}

export interface TickFileOptions {
  /** Which columns contain what, if their names do not show it. */
  readonly columns?: TickColumnMapping;
  /** Receives whether the rows are bars, when the header has been read. */
  readonly onKind?: (areBars: boolean) => void;
}

/** The newest tick of a symbol. */
interface Newest {
  readonly time: MicroTime;
  readonly line: number;
  readonly last: number | undefined;
}

/**
 * Streams the ticks of a CSV file, in the order of the file, which must be the order of time for each symbol. Fills in
 * the previous close of a bar, if the file has none, with the close of the bar before. Memory grows with the number of
 * symbols, not with the size of the file.
 *
 * Throws a {@link FeedError} that names the file and the line.
 */
export async function* readTickFile(path: string, options: TickFileOptions = {}): AsyncGenerator<TickOfLine> {
  const newestOf = new Map<string, Newest>();
  let columns: TickCsvColumns | undefined;
  for await (const { line, cells } of readCsvRows(path)) {
    if (columns === undefined) {
      columns = withLineInError(path, line, () => new TickCsvColumns(cells, symbolOfFile(path), options.columns));
      options.onKind?.(columns.areBars);
      continue;
    }
    const known = columns;
    const tick = withLineInError(path, line, () => known.read(cells));
    const newest = newestOf.get(tick.symbol);
    if (newest === undefined && newestOf.size === maxInstruments) {
      throw lineError(path, line, `${tick.symbol} exceeds the limit of ${maxInstruments} instruments`);
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

/** Makes an error about a line of a file. */
export function lineError(path: string, line: number, problem: string): FeedError {
  return new FeedError(`${path} line ${line}: ${problem}`);
}

/** A row of a CSV file: its cells, trimmed, and the number of its line, counted from 1. */
interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Streams the rows, the header included. Skips empty lines, and requires as many cells in each row as in the first. */
async function* readCsvRows(path: string): AsyncGenerator<CsvRow> {
  const rows = parse(tickFileDialect);
  // The loop below receives every error; the pipeline closes the file however the loop ends.
  pipeline(createReadStream(path), rows, () => {});
  try {
    for await (const { record, info } of rows) yield { line: info.lines, cells: record };
  } catch (error) {
    throw toFeedError(path, error);
  }
}

function toFeedError(path: string, error: unknown): unknown {
  if (error instanceof CsvError) return lineError(path, Number(error.lines), error.message);
  if (error instanceof Error && "code" in error) {
    if (error.code === "ENOENT") return new FeedError(`${path}: there is no such file`);
    return new FeedError(`${path}: cannot be read: ${error.message}`);
  }
  return error;
}

/** Returns the result of `read`, and adds the line to the error that `read` throws about a row. */
function withLineInError<T>(path: string, line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof CsvRowError ? lineError(path, line, error.message) : error;
  }
}

/** Returns the name of the file in capitals, without folder and extension. */
function symbolOfFile(path: string): string {
  return basename(path, extname(path)).toUpperCase();
}
