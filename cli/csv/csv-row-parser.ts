import { type Options, parse } from "csv-parse/sync";
import { maxLineBytes, type TextLine } from "./text-line-reader.ts";

/** A row of a CSV file. Usually it is one line. */
export type CsvRow = ValidRow | InvalidRow;

export interface ValidRow {
  /** The number of its first line, from 1. */
  readonly line: number;
  readonly text: string;
  readonly cells: readonly string[];
}

/** A line that is not a row. */
export interface InvalidRow {
  readonly line: number;
  readonly text: string;
  readonly problem: string;
}

export interface CsvRowParserOptions {
  /** The separator of cells. Default: a comma. */
  readonly delimiter?: string;
  /** Whether spaces around cells are removed. Default: false. */
  readonly trim?: boolean;
}

/** The longest row, in characters. The closing quote of a cell with line ends is searched within this length. */
const maxRowChars = maxLineBytes;

/**
 * Parses lines as rows of CSV (RFC 4180). Each row has as many cells as the first.
 *
 * An invalid line does not affect the lines after it. A line with an unclosed quote and the lines after it are one row
 * only if that row has the right number of cells.
 */
export class CsvRowParser {
  readonly #dialect: Options;
  #width: number | undefined;
  /** The lines from an unclosed quote on. */
  #unclosed: readonly TextLine[] = [];

  constructor({ delimiter = ",", trim = false }: CsvRowParserOptions = {}) {
    this.#dialect = { delimiter, trim, record_delimiter: "\n", relax_column_count: true, skip_empty_lines: true };
  }

  /** The rows that are complete after the next lines. */
  read(next: readonly TextLine[]): CsvRow[] {
    return this.#read(next, false);
  }

  /** The rows of the remaining lines at the end of the file. */
  end(): CsvRow[] {
    return this.#read([], true);
  }

  #read(next: readonly TextLine[], isEnd: boolean): CsvRow[] {
    const lines = this.#unclosed.length > 0 ? [...this.#unclosed, ...next] : next;
    this.#unclosed = [];
    const rows: CsvRow[] = [];
    for (let at = 0; at < lines.length; ) {
      const end = nextUnclosed(lines, at);
      if (end > at) this.#readClosed(lines.slice(at, end), rows);
      at = end;
      if (at === lines.length) break;
      const closing = closingLine(lines, at);
      if (closing === "unknown" && !isEnd) {
        this.#unclosed = lines.slice(at);
        break;
      }
      at = this.#readUnclosed(lines, at, closing, rows);
    }
    return rows;
  }

  /** Parses lines of which each is a row or invalid. */
  #readClosed(lines: readonly TextLine[], rows: CsvRow[]): void {
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

  /** Parses the lines from an unclosed quote on. Returns the index of the next line. */
  #readUnclosed(
    lines: readonly TextLine[],
    at: number,
    closing: ReturnType<typeof closingLine>,
    rows: CsvRow[],
  ): number {
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
    return { line, text, problem: `the row has ${cells.length} cells, and the header has ${this.#width}` };
  }

  #isBlank(line: string): boolean {
    return (this.#dialect.trim ? line.trim() : withoutReturn(line)) === "";
  }

  /** Undefined if the quotes do not match. */
  #parse(text: string): string[][] | undefined {
    try {
      return parse(text, this.#dialect) as unknown as string[][];
    } catch {
      return undefined;
    }
  }
}

const wrongQuotes =
  "its quotes do not match: enclose a cell with quotes or line ends in quotes, and double each quote in it";

/** Whether the line opens a quote without closing it, or closes one without opening it. */
function hasUnmatchedQuote({ text, problem }: TextLine): boolean {
  if (problem !== undefined || !text.includes('"')) return false;
  return text.split('"').length % 2 === 0;
}

function nextUnclosed(lines: readonly TextLine[], from: number): number {
  let at = from;
  for (let line = lines[at]; line !== undefined && !hasUnmatchedQuote(line); line = lines[at]) at++;
  return at;
}

/** The index of the line that closes the quote of another line. `unknown`: a later line of the file may close it. */
function closingLine(lines: readonly TextLine[], opening: number): number | "none" | "unknown" {
  let chars = 0;
  for (let at = opening; at < lines.length; at++) {
    const line = lines[at];
    if (line === undefined || line.problem !== undefined) return "none";
    chars += line.text.length + 1;
    if (chars > maxRowChars) return "none";
    if (at > opening && hasUnmatchedQuote(line)) return at;
  }
  return "unknown";
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
