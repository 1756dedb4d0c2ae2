import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LaptopSchema, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { type Column, type ColumnsOf, CsvRowError, columnsOf, findColumns } from "../shared/csv-columns.ts";
import { parseMoney } from "../shared/money-text.ts";
import { parseMemory } from "./memory-text.ts";

type ProductInit = MessageInitShape<typeof ProductSchema>;
type LaptopInit = MessageInitShape<typeof LaptopSchema>;

/** A field of a row, by the name that it has in {@link ColumnsOf}. */
export type ProductField = keyof typeof knownNames;

/** What a row says of a product. */
export interface ProductRow {
  /** Empty where the row does not tell it. */
  readonly id: string;
  readonly product: ProductInit;
}

// What the columns may be called; the first name that a file has counts. Case, blanks and punctuation do not.
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

/** All fields that a mapping may name. */
export const productFields = Object.keys(knownNames) as readonly ProductField[];

/** The path of a field in a mask; the others say how to read a field, or which product is meant. */
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

/** The columns of a CSV file of products, found by the names in its header. Reads rows by them. */
export class ProductColumns {
  /** The paths of what the file tells, for the mask of an update. */
  readonly paths: readonly string[];
  readonly #columns: ReadonlyMap<ProductField, Column>;
  readonly #currency: string | undefined;

  /**
   * Throws a {@link CsvRowError} where the header has no name, a price without a currency, or not a column that the
   * mapping names.
   *
   * @param currency the currency of all prices where the file has no column for it
   */
  constructor(header: readonly string[], currency?: string, mapping: ColumnsOf<ProductField> = {}) {
    const columns = findColumns(header, knownNames, mapping);
    if (!columns.has("name")) throw new CsvRowError(`no column tells the name: name one "name" (${columnsOf(header)})`);
    if (columns.has("price") && !columns.has("currency") && currency === undefined) {
      throw new CsvRowError(
        `no column tells the currency of the prices: say it with --currency (${columnsOf(header)})`,
      );
    }
    this.#columns = columns;
    this.#currency = currency;
    this.paths = productFields.flatMap((field) => (columns.has(field) ? (paths[field] ?? []) : []));
  }

  /** A row's product. Empty cells are what is not known. Throws a {@link CsvRowError} where a cell makes no sense. */
  read(cells: readonly string[]): ProductRow {
    const text = (field: ProductField) => cells[this.#columns.get(field)?.index ?? -1] ?? "";
    const laptop = this.#readLaptop(text);
    const price = read(text, "price", (amount) => parseMoney(amount, text("currency") || (this.#currency ?? "")));
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
    const [ram, inch, kilograms] = [
      read(text, "ram", parseMemory),
      decimal(text, "screen_inch"),
      decimal(text, "weight_kg"),
    ];
    const cpu = {
      name: text("cpu"),
      coreCount: whole(text, "cores") ?? 0,
      threadCount: whole(text, "threads") ?? 0,
      minGhz: decimal(text, "min_ghz") ?? 0,
      maxGhz: decimal(text, "max_ghz") ?? 0,
    };
    const laptop = {
      brand: text("brand"),
      ...(Object.values(cpu).some(Boolean) && { cpu }),
      ...(ram && { ram }),
      ...(inch !== undefined && { screen: { sizeInch: inch } }),
      ...(kilograms !== undefined && { weight: { case: "weightKg" as const, value: kilograms } }),
      releaseYear: whole(text, "release_year") ?? 0,
    };
    return Object.values(laptop).some(Boolean) ? laptop : undefined;
  }
}

function whole(text: (field: ProductField) => string, field: ProductField): number | undefined {
  return read(text, field, (cell) => {
    if (/^\d{1,9}$/.test(cell)) return Number(cell);
    throw new Error("a whole number is needed");
  });
}

function decimal(text: (field: ProductField) => string, field: ProductField): number | undefined {
  return read(text, field, (cell) => {
    if (/^\d{1,9}(\.\d{1,9})?$/.test(cell)) return Number(cell);
    throw new Error("a number such as 2.4 is needed");
  });
}

function read<T>(
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
