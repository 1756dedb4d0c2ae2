import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { tickFileDialect } from "../../../client/quote/tick-columns.ts";
import { FeedError } from "./quote-feed.ts";

/** A row of a CSV file: its cells without outer blanks, and the number of its line, which counts from 1. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Streams the rows of a CSV file, the header's included; empty lines are skipped, and all rows have as many cells as
 * the first. Throws a {@link FeedError} that names the file, and the line where there is one.
 */
export async function* csvRows(path: string): AsyncGenerator<CsvRow> {
  const rows = parse(tickFileDialect);
  // The iteration below gets every error; the pipeline closes the file however the iteration ends.
  pipeline(createReadStream(path), rows, () => {});
  try {
    for await (const { record, info } of rows) yield { line: info.lines, cells: record };
  } catch (error) {
    throw readable(path, error);
  }
}

function readable(path: string, error: unknown): unknown {
  if (error instanceof CsvError) return lineError(path, Number(error.lines), error.message);
  if (error instanceof Error && "code" in error) {
    if (error.code === "ENOENT") return new FeedError(`${path}: there is no such file`);
    return new FeedError(`${path}: cannot be read: ${error.message}`);
  }
  return error;
}

/** An error that points at a line of a file. */
export function lineError(path: string, line: number, problem: string): FeedError {
  return new FeedError(`${path} line ${line}: ${problem}`);
}
