import {
  type Column,
  type ColumnMapping,
  CsvRowError,
  findColumns,
  formatHeader,
  normalizeName,
} from "../shared/csv-column-mapping.ts";
import type { MicroTime } from "../shared/micro-time.ts";
import { parseMicroTime } from "../shared/micro-time-text.ts";
import { isSymbol, maxSymbolBytes, type Tick } from "./tick.ts";

/** The dialect of the files, as options of csv-parse. Rows are arrays of cells. Empty lines are skipped. */
export const tickFileDialect = {
  bom: true,
  info: true,
  trim: true,
  skip_empty_lines: true,
  /** The longest row, in bytes. It limits the memory for a file without line ends. */
  max_record_size: 64 * 1024,
} as const;

/** The name of a field in a {@link TickColumnMapping}. */
export type TickField = keyof typeof knownNames;

export type TickColumnMapping = ColumnMapping<TickField>;

/** The names of columns, normalized. The first one that a file has counts. */
const knownNames = {
  time: ["timestamp", "datetime", "time", "date"],
  symbol: ["symbol", "ticker", "instrument"],
  bid: ["bid", "bidprice"],
  ask: ["ask", "askprice", "offer"],
  last: ["last", "lastprice", "price"],
  close: ["close"],
  open: ["open"],
  high: ["high"],
  low: ["low"],
  previous_close: ["previousclose", "prevclose"],
  bid_size: ["bidsize", "bidqty"],
  ask_size: ["asksize", "askqty"],
  last_size: ["lastsize", "size", "qty"],
  volume: ["volume"],
  source_seq: ["sourceseq"],
} as const;

const priceFields = {
  bid: "bid",
  ask: "ask",
  close: "last",
  last: "last",
  open: "open",
  high: "high",
  low: "low",
  previous_close: "previousClose",
} as const satisfies Partial<Record<TickField, keyof Tick>>;

const countFields = {
  bid_size: "bidSize",
  ask_size: "askSize",
  last_size: "lastSize",
  volume: "volume",
  source_seq: "sourceSeq",
} as const satisfies Partial<Record<TickField, keyof Tick>>;

/** Each file has at least one of these. */
const priceNames = ["bid", "ask", "last", "close"] as const;

/** All fields of a mapping. */
export const tickFields = Object.keys(knownNames) as readonly TickField[];

/** The column of a field of a tick. */
interface FieldColumn<Field extends string> {
  readonly field: Field;
  readonly column: Column;
}

/** The columns of a CSV file of ticks or bars, which are found by its header. Reads rows. */
export class TickCsvColumns {
  /**
   * Whether each row is a bar, the summary of a period, and not a quote at a moment: the time column is `date`, or there is a
   * column `close`.
   */
  readonly areBars: boolean;
  /** Whether the file has a column of symbols. */
  readonly haveSymbols: boolean;
  readonly #defaultSymbol: string;
  readonly #time: Column;
  readonly #symbol: Column | undefined;
  readonly #prices: readonly FieldColumn<(typeof priceFields)[keyof typeof priceFields]>[];
  readonly #counts: readonly FieldColumn<(typeof countFields)[keyof typeof countFields]>[];

  /**
   * Throws a {@link CsvRowError} if the header has no time, has no price, or lacks a mapped column.
   *
   * @param defaultSymbol the symbol of all rows if the file has no column for it
   */
  constructor(header: readonly string[], defaultSymbol: string, mapping: TickColumnMapping = {}) {
    const columns = findColumns(header, knownNames, mapping);
    const time = columns.get("time");
    if (time === undefined) {
      throw new CsvRowError(
        `no column for the time: rename one to timestamp, datetime, time or date (${formatHeader(header)})`,
      );
    }
    if (!priceNames.some((name) => columns.has(name))) {
      const remedy = "rename one to bid, ask, last, price or close";
      throw new CsvRowError(`no column for a price: ${remedy} (${formatHeader(header)})`);
    }
    this.areBars = normalizeName(time.name) === "date" || columns.has("close");
    this.#defaultSymbol = defaultSymbol;
    this.#time = time;
    this.#symbol = columns.get("symbol");
    this.haveSymbols = this.#symbol !== undefined;
    if (columns.has("last")) columns.delete("close");
    this.#prices = pick(columns, priceFields);
    this.#counts = pick(columns, countFields);
  }

  /** Reads a row. Empty cells are absent fields. Throws a {@link CsvRowError} if a cell is invalid. */
  read(cells: readonly string[]): Tick {
    const tick: { -readonly [Field in keyof Tick]: Tick[Field] } = {
      symbol: this.#readSymbol(cells),
      sourceTime: readTime(cells, this.#time),
    };
    for (const { field, column } of this.#prices) tick[field] = readPrice(cells, column);
    for (const { field, column } of this.#counts) tick[field] = readCount(cells, column);
    if (tick.bid === undefined && tick.ask === undefined && tick.last === undefined) {
      throw new CsvRowError("the row has no price");
    }
    return tick;
  }

  #readSymbol(cells: readonly string[]): string {
    if (this.#symbol === undefined) return this.#defaultSymbol;
    const symbol = cells[this.#symbol.index] ?? "";
    if (isSymbol(symbol)) return symbol;
    throw cellError(cells, this.#symbol, `is not a symbol of 1 to ${maxSymbolBytes} bytes; * is reserved`);
  }
}

function readTime(cells: readonly string[], column: Column): MicroTime {
  const time = parseMicroTime(cells[column.index] ?? "");
  if (time !== undefined) return time;
  throw cellError(cells, column, "is not a time: write it as 2013-01-01T22:00:00.295000Z, or 2000-01-03");
}

function readPrice(cells: readonly string[], column: Column): number | undefined {
  const text = cells[column.index] ?? "";
  if (text === "") return undefined;
  const price = Number(text);
  if (Number.isFinite(price)) return price;
  throw cellError(cells, column, "is not a number");
}

function readCount(cells: readonly string[], column: Column): bigint | undefined {
  const text = cells[column.index] ?? "";
  if (text === "") return undefined;
  const digits = /^(\d{1,18})(?:\.0*)?$/.exec(text)?.[1];
  if (digits !== undefined) return BigInt(digits);
  throw cellError(cells, column, "is not a whole number of 0 or more");
}

function cellError(cells: readonly string[], column: Column, problem: string): CsvRowError {
  return new CsvRowError(`${column.name} ${JSON.stringify(cells[column.index])} ${problem}`);
}

function pick<Field extends string>(
  columns: ReadonlyMap<TickField, Column>,
  fields: Readonly<Partial<Record<TickField, Field>>>,
): FieldColumn<Field>[] {
  const picked: FieldColumn<Field>[] = [];
  for (const [name, field] of Object.entries(fields) as [TickField, Field][]) {
    const column = columns.get(name);
    if (column !== undefined) picked.push({ field, column });
  }
  return picked;
}
