import type { MessageInitShape } from "@bufbuild/protobuf";
import { parseMemorySize } from "../../client/product/parse-memory-size.ts";
import {
  type Column,
  type ColumnMapping,
  CsvRowError,
  findColumns,
  findUnusedColumns,
  formatHeader,
} from "../../client/shared/csv-column-mapping.ts";
import { parseMoney } from "../../client/shared/money-text.ts";
import type { LaptopSchema, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";

type ProductInit = MessageInitShape<typeof ProductSchema>;
type LaptopInit = MessageInitShape<typeof LaptopSchema>;

/** The name of a field in a mapping. */
export type ProductField = keyof typeof knownNames;

/** The content of a row. */
export interface ProductRow {
  /** Empty if the row has no id. */
  readonly id: string;
  readonly product: ProductInit;
}

/** The names of columns, normalized. The first one that a file has counts. */
const knownNames = {
  id: ["id", "uuid", "productid"],
  name: ["name", "title", "productname", "product"],
  description: ["description"],
  price: ["price", "unitprice", "amount"],
  currency: ["currency", "currencycode"],
  brand: ["brand", "maker", "manufacturer"],
  cpu: ["cpu", "processor", "cpuname"],
  cores: ["cores", "corecount", "cpucores"],
  threads: ["threads", "threadcount"],
  min_ghz: ["minghz", "ghz", "baseghz"],
  max_ghz: ["maxghz", "boostghz"],
  ram: ["ram", "memory"],
  screen_inch: ["screeninch", "screensize", "inch"],
  weight_kg: ["weightkg"],
  release_year: ["releaseyear", "year"],
} as const;

/** All fields of a mapping. */
export const productFields = Object.keys(knownNames) as readonly ProductField[];

/** The paths of fields in an update mask. Fields without a path are the id and the currency. */
const paths: Readonly<Partial<Record<ProductField, string>>> = {
  name: "name",
  description: "description",
  price: "price",
  brand: "laptop.brand",
  cpu: "laptop.cpu.name",
  cores: "laptop.cpu.core_count",
  threads: "laptop.cpu.thread_count",
  min_ghz: "laptop.cpu.min_ghz",
  max_ghz: "laptop.cpu.max_ghz",
  ram: "laptop.ram",
  screen_inch: "laptop.screen.size_inch",
  weight_kg: "laptop.weight_kg",
  release_year: "laptop.release_year",
};

/** The columns of a CSV file of products, which are found by its header. Reads rows. */
export class ProductCsvColumns {
  /** The columns of the file that belong to no field. */
  readonly unused: readonly string[];
  /** The paths of the fields in the file, for an update mask. */
  readonly paths: readonly string[];
  readonly #columns: ReadonlyMap<ProductField, Column>;
  readonly #currency: string | undefined;

  /**
   * Throws a {@link CsvRowError} if the header has no name, has a price without a currency, or lacks a mapped column.
   *
   * @param currency the currency of the prices if the file has no column for it
   */
  constructor(header: readonly string[], currency?: string, mapping: ColumnMapping<ProductField> = {}) {
    const columns = findColumns(header, knownNames, mapping);
    if (!columns.has("name"))
      throw new CsvRowError(
        `no column for the field name: rename one to name, or map it with --columns name=COLUMN (${formatHeader(header)})`,
      );
    if (columns.has("price") && !columns.has("currency") && currency === undefined) {
      throw new CsvRowError(
        `no column for the currency of the prices: set it with --currency (${formatHeader(header)})`,
      );
    }
    this.#columns = columns;
    this.unused = findUnusedColumns(header, columns);
    this.#currency = currency;
    this.paths = productFields.flatMap((field) => (columns.has(field) ? (paths[field] ?? []) : []));
  }

  /** Reads a row. Empty cells are unknown values. Throws a {@link CsvRowError} if a cell is invalid. */
  read(cells: readonly string[]): ProductRow {
    const text = (field: ProductField) => cells[this.#columns.get(field)?.index ?? -1] ?? "";
    const laptop = this.#readLaptop(text);
    const price = readCell(text, "price", (amount) => parseMoney(amount, text("currency") || (this.#currency ?? "")));
    return {
      id: text("id"),
      product: {
        id: text("id"),
        name: text("name"),
        description: text("description"),
        ...(price && { price }),
        ...(laptop && { attributes: { case: "laptop", value: laptop } }),
      },
    };
  }

  #readLaptop(text: (field: ProductField) => string): LaptopInit | undefined {
    const ram = readCell(text, "ram", parseMemorySize);
    const inch = readDecimal(text, "screen_inch");
    const kilograms = readDecimal(text, "weight_kg");
    const cpu = {
      name: text("cpu"),
      coreCount: readWhole(text, "cores") ?? 0,
      threadCount: readWhole(text, "threads") ?? 0,
      minGhz: readDecimal(text, "min_ghz") ?? 0,
      maxGhz: readDecimal(text, "max_ghz") ?? 0,
    };
    const laptop = {
      brand: text("brand"),
      ...(Object.values(cpu).some(Boolean) && { cpu }),
      ...(ram && { ram }),
      ...(inch !== undefined && { screen: { sizeInch: inch } }),
      ...(kilograms !== undefined && { weight: { case: "weightKg" as const, value: kilograms } }),
      releaseYear: readWhole(text, "release_year") ?? 0,
    };
    return Object.values(laptop).some(Boolean) ? laptop : undefined;
  }
}

function readWhole(text: (field: ProductField) => string, field: ProductField): number | undefined {
  return readCell(text, field, (cell) => {
    if (/^\d{1,9}$/.test(cell)) return Number(cell);
    throw new Error("expected a whole number");
  });
}

function readDecimal(text: (field: ProductField) => string, field: ProductField): number | undefined {
  return readCell(text, field, (cell) => {
    if (/^\d{1,9}(\.\d{1,9})?$/.test(cell)) return Number(cell);
    throw new Error("expected a number such as 2.4");
  });
}

function readCell<T>(
  text: (field: ProductField) => string,
  field: ProductField,
  parse: (cell: string) => T,
): T | undefined {
  const cell = text(field);
  if (cell === "") return undefined;
  try {
    return parse(cell);
  } catch (error) {
    throw new CsvRowError(`${field}: ${(error as Error).message}, not ${JSON.stringify(cell.slice(0, 100))}`);
  }
}
