import { basename, extname } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { parse } from "csv-parse/sync";
import { type ColumnMapping, TickColumns, tickFileDialect } from "../client/quote/tick-columns.ts";
import { toTimestamp } from "../client/shared/micro-time.ts";
import type { QuoteSchema } from "../gen/bourse/quote/v1/quote_pb.ts";

type QuoteInit = MessageInitShape<typeof QuoteSchema>;

/** What lines hold, up to the first that makes no sense. */
export interface ReadRows {
  readonly quotes: QuoteInit[];
  /** What is wrong with that line, and where it stands. */
  readonly problem?: string;
}

/** Reads the lines of a CSV as quotes, some at a time: what a pipe has brought is read at once, to the last line. */
export class QuoteRows {
  readonly #file: string;
  readonly #symbol: string | undefined;
  readonly #mapping: ColumnMapping | undefined;
  #columns: TickColumns | undefined;
  #width = 0;
  #linesBefore = 0;

  /** @param file its name, `-` for standard input, which gives no name to an instrument */
  constructor(file: string, symbol: string | undefined, mapping: ColumnMapping | undefined) {
    this.#file = file;
    this.#symbol = symbol;
    this.#mapping = mapping;
  }

  /** Whether there was no row yet, not even the header. */
  get isEmpty(): boolean {
    return this.#columns === undefined;
  }

  /** Reads the next lines. */
  read(lines: readonly string[]): ReadRows {
    const quotes: QuoteInit[] = [];
    let line = this.#linesBefore + 1;
    try {
      for (const { record, info } of this.#parse(lines)) {
        line = this.#linesBefore + info.lines;
        const quote = this.#readRow(record);
        if (quote !== undefined) quotes.push(quote);
      }
      this.#linesBefore += lines.length;
      return { quotes };
    } catch (error) {
      return { quotes, problem: `${this.#file}: line ${line}: ${(error as Error).message}` };
    }
  }

  #parse(lines: readonly string[]) {
    const options = { ...tickFileDialect, relax_column_count: true } as const;
    return parse(lines.join("\n"), options) as unknown as { record: string[]; info: { lines: number } }[];
  }

  #readRow(cells: readonly string[]): QuoteInit | undefined {
    if (this.#columns === undefined) {
      this.#columns = this.#readHeader(cells);
      this.#width = cells.length;
      return undefined;
    }
    if (cells.length !== this.#width) {
      throw new Error(`the row has ${cells.length} cells, and the header ${this.#width}`);
    }
    const { sourceTime, ...tick } = this.#columns.read(cells);
    return { ...tick, sourceTime: toTimestamp(sourceTime) };
  }

  #readHeader(cells: readonly string[]): TickColumns {
    const name = basename(this.#file, extname(this.#file)).toUpperCase();
    const columns = new TickColumns(cells, this.#symbol ?? name, this.#mapping);
    if (this.#file === "-" && this.#symbol === undefined && !columns.haveSymbols) {
      throw new Error("no column tells the symbol: say it with --symbol");
    }
    return columns;
  }
}
