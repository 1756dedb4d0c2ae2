import { basename, extname } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { parse } from "csv-parse/sync";
import { type TickColumnMapping, TickCsvColumns, tickFileDialect } from "../../client/quote/tick-csv-columns.ts";
import { toTimestamp } from "../../client/shared/micro-time.ts";
import type { QuoteSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";

type QuoteInit = MessageInitShape<typeof QuoteSchema>;

/** The quotes of some lines, up to the first invalid one. */
export interface ParsedRows {
  readonly quotes: QuoteInit[];
  /** The problem of that line, with the name of the file and the line number. */
  readonly problem?: string;
}

/** Parses the lines of a CSV file as quotes, some lines at a time. */
export class QuoteRowParser {
  readonly #file: string;
  readonly #symbol: string | undefined;
  readonly #mapping: TickColumnMapping | undefined;
  #columns: TickCsvColumns | undefined;
  #width = 0;
  #lineCount = 0;

  /** @param file its name, from which the symbol is taken if there is no other; `-` for standard input */
  constructor(file: string, symbol: string | undefined, mapping: TickColumnMapping | undefined) {
    this.#file = file;
    this.#symbol = symbol;
    this.#mapping = mapping;
  }

  /** Whether the header was not read yet. */
  get isEmpty(): boolean {
    return this.#columns === undefined;
  }

  /** Parses the next lines. */
  read(lines: readonly string[]): ParsedRows {
    const quotes: QuoteInit[] = [];
    let line = this.#lineCount + 1;
    try {
      for (const { record, info } of this.#parse(lines)) {
        line = this.#lineCount + info.lines;
        const quote = this.#readRow(record);
        if (quote !== undefined) quotes.push(quote);
      }
      this.#lineCount += lines.length;
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
      throw new Error(`the row has ${cells.length} cells, and the header has ${this.#width}`);
    }
    const { sourceTime, ...tick } = this.#columns.read(cells);
    return { ...tick, sourceTime: toTimestamp(sourceTime) };
  }

  #readHeader(cells: readonly string[]): TickCsvColumns {
    const name = basename(this.#file, extname(this.#file)).toUpperCase();
    const columns = new TickCsvColumns(cells, this.#symbol ?? name, this.#mapping);
    if (this.#file === "-" && this.#symbol === undefined && !columns.haveSymbols) {
      throw new Error("no column for the symbol: set it with --symbol");
    }
    return columns;
  }
}
