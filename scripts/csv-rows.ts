import { type Options, parse } from "csv-parse/sync";
import { type CsvLine, maxLineBytes } from "./csv-lines.ts";

/** A row of a CSV file, mostly of one line. */
export type CsvRow = ReadRow | BrokenRow;

export interface ReadRow {
  /** Where it begins, from 1 on. */
  readonly line: number;
  readonly text: string;
  readonly cells: readonly string[];
}

/** A line that is no row. */
export interface BrokenRow {
  readonly line: number;
  readonly text: string;
  /** Why. */
  readonly problem: string;
}

/** How rows are written. */
export interface CsvRowsOptions {
  /** What stands between cells. Default: a comma. */
  readonly delimiter?: string;
  /** Whether blanks around cells are none of theirs. Default: they are. */
  readonly trim?: boolean;
}

/** The longest row, in characters: so far the end of a quoted cell with line ends is looked for. */
const maxRowChars = maxLineBytes;

/**
 * Reads lines as rows of CSV (RFC 4180). Each row has as many cells as the first.
 *
 * A line that is broken is told of by itself, and the next is read as if it were not there. A quote that is opened and
 * not closed in its line makes one row of that line and the next ones only where that gives a row of the right size.
 */
export class CsvRows {
  readonly #dialect: Options;
  #width: number | undefined;
  /** Begins with a line that opens a quote. */
  #open: readonly CsvLine[] = [];

  constructor({ delimiter = ",", trim = false }: CsvRowsOptions = {}) {
    this.#dialect = { delimiter, trim, record_delimiter: "\n", relax_column_count: true, skip_empty_lines: true };
  }

  /** The rows that end in the next lines. */
  read(next: readonly CsvLine[]): CsvRow[] {
    return this.#read(next, false);
  }

  /** The rows of what was open at the end of the file. */
  end(): CsvRow[] {
    return this.#read([], true);
  }

  #read(next: readonly CsvLine[], isEnd: boolean): CsvRow[] {
    const lines = this.#open.length > 0 ? [...this.#open, ...next] : next;
    this.#open = [];
    const rows: CsvRow[] = [];
    for (let at = 0; at < lines.length; ) {
      const end = nextOpen(lines, at);
      if (end > at) this.#readClosed(lines.slice(at, end), rows);
      at = end;
      if (at === lines.length) break;
      const closing = closingLine(lines, at);
      if (closing === "further on" && !isEnd) {
        this.#open = lines.slice(at);
        break;
      }
      at = this.#readOpen(lines, at, closing, rows);
    }
    return rows;
  }

  /** Lines each of which is a row, or broken. */
  #readClosed(lines: readonly CsvLine[], rows: CsvRow[]): void {
    const usable = lines.filter(({ problem, text }) => problem === undefined && !this.#isBlank(text));
    const records = this.#parse(usable.map(({ text }) => withoutReturn(text)).join("\n"));
    if (records?.length === usable.length) {
      let next = 0;
      for (const { number, text, problem } of lines) {
        if (problem !== undefined) rows.push({ line: number, text, problem });
        else if (!this.#isBlank(text)) rows.push(this.#row(number, text, records[next++] ?? []));
      }
    } else if (lines.length === 1) {
      for (const { number, text } of lines) rows.push({ line: number, text, problem: wrongQuotes });
    } else {
      const middle = lines.length >> 1;
      this.#readClosed(lines.slice(0, middle), rows);
      this.#readClosed(lines.slice(middle), rows);
    }
  }

  /** Returns which line is the next to be read. */
  #readOpen(lines: readonly CsvLine[], at: number, closing: ReturnType<typeof closingLine>, rows: CsvRow[]): number {
    const first = lines[at];
    if (first === undefined) return at + 1;
    if (typeof closing === "number") {
      const text = lines
        .slice(at, closing + 1)
        .map((line) => line.text)
        .join("\n");
      const [cells, ...more] = this.#parse(withoutReturn(text)) ?? [];
      if (cells !== undefined && more.length === 0 && cells.length === (this.#width ?? cells.length)) {
        rows.push(this.#row(first.number, text, cells));
        return closing + 1;
      }
    }
    rows.push({ line: first.number, text: first.text, problem: wrongQuotes });
    return at + 1;
  }

  #row(line: number, text: string, cells: readonly string[]): CsvRow {
    this.#width ??= cells.length;
    if (cells.length === this.#width) return { line, text, cells };
    return { line, text, problem: `the row has ${cells.length} cells, and the header ${this.#width}` };
  }

  #isBlank(line: string): boolean {
    return (this.#dialect.trim ? line.trim() : withoutReturn(line)) === "";
  }

  /** Undefined where the quotes do not match. */
  #parse(text: string): string[][] | undefined {
    try {
      return parse(text, this.#dialect) as unknown as string[][];
    } catch {
      return undefined;
    }
  }
}

const wrongQuotes =
  "its quotes do not match: a cell that has quotes or line ends stands in quotes, and each quote in it is doubled";

/** Whether a quote is opened in the line that is not closed in it, or the other way round. */
function isOpen({ text, problem }: CsvLine): boolean {
  if (problem !== undefined || !text.includes('"')) return false;
  return text.split('"').length % 2 === 0;
}

function nextOpen(lines: readonly CsvLine[], from: number): number {
  let at = from;
  for (let line = lines[at]; line !== undefined && !isOpen(line); line = lines[at]) at++;
  return at;
}

/** The line that closes the quote which one opens. Or it has none, or may have it in lines that are not there yet. */
function closingLine(lines: readonly CsvLine[], opening: number): number | "none" | "further on" {
  let chars = 0;
  for (let at = opening; at < lines.length; at++) {
    const line = lines[at];
    if (line === undefined || line.problem !== undefined) return "none";
    chars += line.text.length + 1;
    if (chars > maxRowChars) return "none";
    if (at > opening && isOpen(line)) return at;
  }
  return "further on";
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
