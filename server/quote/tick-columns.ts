import { type CsvRow, lineError } from "./csv-rows.ts";
import { maxSymbolBytes, type Tick } from "./quote-feed.ts";
import { parseTime } from "./time-text.ts";

// What the columns may be called; the first name that a file has counts. Case, blanks and punctuation do not.
const timeNames = ["timestamp", "datetime", "time", "date"];
const symbolNames = ["symbol", "ticker", "instrument"];
const priceNames = {
  bid: ["bid", "bidprice"],
  ask: ["ask", "askprice", "offer"],
  last: ["last", "lastprice", "price", "close"],
  open: ["open"],
  high: ["high"],
  low: ["low"],
  previousClose: ["previousclose", "prevclose"],
};
const sizeNames = {
  bidSize: ["bidsize", "bidqty"],
  askSize: ["asksize", "askqty"],
  lastSize: ["lastsize", "size", "qty"],
  volume: ["volume"],
};

type PriceField = keyof typeof priceNames;
type SizeField = keyof typeof sizeNames;

/** A column of the file. */
interface Column {
  readonly name: string;
  readonly index: number;
}

/** The columns of a CSV file of ticks or bars, found by the names in its header. Reads rows by them. */
export class TickColumns {
  /** Whether a row sums up a day, or a longer span, rather than tell one moment. */
  readonly areBars: boolean;
  readonly #path: string;
  readonly #defaultSymbol: string;
  readonly #time: Column;
  readonly #symbol: Column | undefined;
  readonly #prices: readonly (readonly [PriceField, Column])[];
  readonly #sizes: readonly (readonly [SizeField, Column])[];

  /**
   * Throws a FeedError where the header has no time or no price.
   *
   * @param defaultSymbol the symbol of all rows where the file has no column for it
   */
  constructor(path: string, header: CsvRow, defaultSymbol: string) {
    const time = findColumn(header, timeNames);
    if (time === undefined) {
      throw lineError(
        path,
        header.line,
        `no column tells the time: name one timestamp, time or date (${found(header)})`,
      );
    }
    this.#path = path;
    this.#defaultSymbol = defaultSymbol;
    this.#time = time;
    this.#symbol = findColumn(header, symbolNames);
    this.#prices = findColumns(header, priceNames);
    this.#sizes = findColumns(header, sizeNames);
    if (!this.#prices.some(([field]) => isQuoted(field))) {
      const names = "name one bid, ask, last, price or close";
      throw lineError(path, header.line, `no column tells a price: ${names} (${found(header)})`);
    }
    this.areBars = normal(time.name) === "date" || findColumn(header, ["close"]) !== undefined;
  }

  /** A row's tick. Empty cells are absent fields. Throws a FeedError with the row's line where a cell makes no sense. */
  read(row: CsvRow): Tick {
    const tick: { -readonly [Field in keyof Tick]: Tick[Field] } = {
      symbol: this.#readSymbol(row),
      sourceTime: this.#readTime(row),
    };
    for (const [field, column] of this.#prices) tick[field] = this.#readPrice(row, column);
    for (const [field, column] of this.#sizes) tick[field] = this.#readSize(row, column);
    if (tick.bid === undefined && tick.ask === undefined && tick.last === undefined) {
      throw lineError(this.#path, row.line, "the row has no price");
    }
    return tick;
  }

  #readSymbol(row: CsvRow): string {
    if (this.#symbol === undefined) return this.#defaultSymbol;
    const symbol = row.cells[this.#symbol.index] ?? "";
    const bytes = Buffer.byteLength(symbol);
    if (bytes > 0 && bytes <= maxSymbolBytes) return symbol;
    throw this.#cellError(row, this.#symbol, `is not a symbol: it has 1 to ${maxSymbolBytes} bytes`);
  }

  #readTime(row: CsvRow): number {
    const time = parseTime(row.cells[this.#time.index] ?? "");
    if (time !== undefined) return time;
    throw this.#cellError(row, this.#time, "is not a time: write it as 2013-01-01T22:00:00.295000Z, or 2000-01-03");
  }

  #readPrice(row: CsvRow, column: Column): number | undefined {
    const text = row.cells[column.index] ?? "";
    if (text === "") return undefined;
    const price = Number(text);
    if (Number.isFinite(price)) return price;
    throw this.#cellError(row, column, "is not a number");
  }

  #readSize(row: CsvRow, column: Column): bigint | undefined {
    const text = row.cells[column.index] ?? "";
    if (text === "") return undefined;
    const digits = /^(\d{1,18})(?:\.0*)?$/.exec(text)?.[1];
    if (digits !== undefined) return BigInt(digits);
    throw this.#cellError(row, column, "is not a whole number of 0 or more");
  }

  #cellError(row: CsvRow, column: Column, problem: string): Error {
    return lineError(this.#path, row.line, `${column.name} ${JSON.stringify(row.cells[column.index])} ${problem}`);
  }
}

function isQuoted(field: PriceField): boolean {
  return field === "bid" || field === "ask" || field === "last";
}

function findColumns<Field extends string>(
  header: CsvRow,
  fields: Readonly<Record<Field, readonly string[]>>,
): [Field, Column][] {
  const columns: [Field, Column][] = [];
  for (const field of Object.keys(fields) as Field[]) {
    const column = findColumn(header, fields[field]);
    if (column !== undefined) columns.push([field, column]);
  }
  return columns;
}

function findColumn(header: CsvRow, names: readonly string[]): Column | undefined {
  const cells = header.cells.map(normal);
  const index = names.map((name) => cells.indexOf(name)).find((each) => each >= 0);
  return index === undefined ? undefined : { name: header.cells[index] ?? "", index };
}

function found(header: CsvRow): string {
  return `the header has ${header.cells.join(", ")}`;
}

function normal(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}
