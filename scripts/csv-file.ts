import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { linesOf } from "../client/lines-of.ts";

/** A row of a CSV file, or a line that is none. */
export interface CsvRow {
  /** The number of its first line, from 1. */
  readonly line: number;
  /** As the file has it. */
  readonly text: string;
  /** Without outer blanks. */
  readonly cells: readonly string[];
  /** Why it is no row of the file, as a sentence. Absent: it is one, with as many cells as the header. */
  readonly problem?: string;
}

/** How many lines a row may have, by line breaks within quotes. */
const maxRowLines = 50;

/**
 * Reads a CSV file row by row, the header first. A line that is broken is told by itself, and the reading goes on with
 * the next: a quote that is never closed takes no other line along. Empty lines are skipped.
 *
 * Throws an error with the file's name where it cannot be read, or has no header.
 */
export async function* csvRows(path: string): AsyncGenerator<CsvRow> {
  const file = createReadStream(path, "utf8");
  const lines = new LineReader(linesOf(file));
  let width: number | undefined;
  try {
    for (;;) {
      const row = await readRow(lines, width);
      if (row === undefined) break;
      width ??= row.cells.length;
      yield row;
    }
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    file.destroy();
  }
  if (width === undefined) throw new Error(`${path}: it is empty: its first row names the columns`);
}

/** The next row; undefined at the end. */
async function readRow(lines: LineReader, width: number | undefined): Promise<CsvRow | undefined> {
  let first = await lines.next();
  while (first !== undefined && first.trim() === "") first = await lines.next();
  if (first === undefined) return undefined;
  const line = lines.count;
  const taken = [first];
  for (;;) {
    const { cells, problem, isOpen } = parseRow(taken.join("\n"), width);
    if (problem === undefined) return { line, text: taken.join("\n"), cells };
    const more = isOpen && taken.length < maxRowLines ? await lines.next() : undefined;
    if (more === undefined) {
      lines.giveBack(taken.slice(1));
      return { line, text: first, cells: taken.length === 1 ? cells : [], problem };
    }
    taken.push(more);
  }
}

/** @returns whether the row could go on with the next line, beside what is wrong with it as it is */
function parseRow(text: string, width = 0): { cells: string[]; problem?: string; isOpen?: boolean } {
  if (text.includes("\ufffd")) return { cells: [], problem: "it has bytes that are not UTF-8" };
  try {
    const [cells = []] = parse(text, { trim: true, relax_column_count: true }) as string[][];
    if (width === 0 || cells.length === width) return { cells };
    return { cells, problem: `it has ${cells.length} cells, and the header ${width}` };
  } catch (error) {
    const isOpen = (error as { code?: unknown }).code === "CSV_QUOTE_NOT_CLOSED";
    const problem = isOpen ? "a quote is opened and not closed" : "a quote stands where none may be";
    return { cells: [], problem, isOpen };
  }
}

/** Lines one by one, some of which can be given back to come again. */
class LineReader {
  readonly #lines: AsyncIterator<string>;
  readonly #again: string[] = [];
  /** How many lines were taken so far. */
  count = 0;

  constructor(lines: AsyncIterable<string>) {
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async next(): Promise<string | undefined> {
    const again = this.#again.shift();
    const { value } = again === undefined ? await this.#lines.next() : { value: again };
    if (typeof value !== "string") return undefined;
    this.count++;
    return this.count === 1 ? value.replace(/^\ufeff/, "") : value;
  }

  giveBack(lines: readonly string[]): void {
    this.#again.unshift(...lines);
    this.count -= lines.length;
  }
}

/** How many line ends a file has, and whether it ends with one, as a file does that is not cut off. */
export async function countLines(path: string): Promise<{ lines: number; isCutOff: boolean }> {
  await using file = await open(path);
  const buffer = Buffer.allocUnsafe(blockBytes);
  let [lines, last] = [0, lineEnd];
  for (;;) {
    const { bytesRead } = await file.read(buffer);
    if (bytesRead === 0) return { lines, isCutOff: last !== lineEnd };
    for (let at = buffer.indexOf(lineEnd); at >= 0 && at < bytesRead; at = buffer.indexOf(lineEnd, at + 1)) lines++;
    last = buffer[bytesRead - 1] ?? lineEnd;
  }
}

const lineEnd = 10;
const blockBytes = 64 * 1024;
