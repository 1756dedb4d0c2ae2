import { fromBinary } from "@bufbuild/protobuf";
import { type Generated, type GeneratedAlways, type Kysely, sql } from "kysely";
import { MemoryUnit, type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { Migrations } from "../../storage/sqlite/migration-runner.ts";

/** The tables of the catalogue as of the newest migration. Integers are read as bigints, so that none is rounded. */
export interface ProductTables {
  product: ProductTable;
  product_past: ProductPastTable;
  product_rating: ProductRatingTable;
}

/** One row for each product. */
export interface ProductTable {
  /** The order of creation. Never reused. */
  sequence: GeneratedAlways<bigint>;
  /** A UUID in lower case. */
  id: string;
  name: string;
  /** ISO 4217. The three columns of the price are null if it is unknown. */
  price_currency: string | null;
  price_units: bigint | null;
  /** Billionths of a unit. */
  price_nanos: bigint | null;
  /** The whole product as a protobuf message. The other columns copy fields for queries. */
  body: Uint8Array;
  /** The number of the last change, counted over all products; 0 if the product never changed. */
  revision: Generated<bigint>;
  /** 1 if the product is deleted, else 0. */
  deleted: Generated<bigint>;
  /** The case-folded brand of a laptop. This column and the next ones are null if the value is unknown. */
  brand: string | null;
  core_count: bigint | null;
  /** The base clock. */
  min_ghz: number | null;
  /** The main memory in bits: 27 hexadecimal digits, which sort as the numbers do. */
  ram_bits: string | null;
}

/** A past revision of a product, which an open snapshot needs. */
export interface ProductPastTable {
  /** The number of the change that replaced it. */
  until_revision: bigint;
  /** The number of the change that made it; 0 for a new product. */
  from_revision: bigint;
  /** The sequence of the product. */
  sequence: bigint;
  body: Uint8Array;
}

/** The scores of a product. Products without scores have no row. */
interface ProductRatingTable {
  /** The sequence of the product. */
  sequence: bigint;
  count: bigint;
  /** The sum of all scores, in millionths. */
  sum_millionths: bigint;
}

/**
 * The migrations of the catalogue. A released migration is never changed, renamed or removed: a database
 * stores the names of those that it has run.
 */
export const productMigrations: Migrations = {
  "0001-create-products": { up: createProducts },
  "0004-extend-products": { up: extendProducts },
};

/** Creates the table of products. The sequence is the order of creation. */
async function createProducts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("product")
    .addColumn("sequence", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("price_currency", "text")
    .addColumn("price_units", "integer")
    .addColumn("price_nanos", "integer")
    .addColumn("body", "blob", (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
}

/** Adds updates, deletions, searches and ratings: search columns, the text index, past revisions and scores. */
async function extendProducts(db: Kysely<ProductColumns>): Promise<void> {
  const { schema } = db;
  await schema
    .alterTable("product")
    .addColumn("revision", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
  await schema
    .alterTable("product")
    .addColumn("deleted", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
  for (const [name, type] of searchColumns) {
    await schema.alterTable("product").addColumn(name, type).execute();
  }
  await schema.createIndex("product_revision").on("product").column("revision").where("revision", ">", 0).execute();
  await schema.createIndex("product_live").on("product").column("sequence").where(sql`deleted`, "=", 0).execute();
  await schema
    .createIndex("product_price")
    .on("product")
    .columns(["price_currency", "price_units", "price_nanos", "sequence"])
    .where(sql`deleted`, "=", 0)
    .execute();
  await schema
    .createTable("product_past")
    .addColumn("until_revision", "integer", (column) => column.primaryKey())
    .addColumn("from_revision", "integer", (column) => column.notNull())
    .addColumn("sequence", "integer", (column) => column.notNull().references("product.sequence"))
    .addColumn("body", "blob", (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await schema.createIndex("product_past_sequence").on("product_past").column("sequence").execute();
  await schema
    .createTable("product_rating")
    .addColumn("sequence", "integer", (column) => column.primaryKey().references("product.sequence"))
    .addColumn("count", "integer", (column) => column.notNull())
    .addColumn("sum_millionths", "integer", (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  // Without the prefix index, "a*" merges the lists of all terms with that prefix, which can take a second instead of a
  // millisecond. The index is contentless, because the texts are in the bodies of the products.
  await sql`create virtual table product_text using fts5(
      name, maker, description,
      content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
    )`.execute(db);
  await backfillSearch(db);
}

const searchColumns = [
  ["brand", "text"],
  ["core_count", "integer"],
  ["min_ghz", "real"],
  ["ram_bits", "text"],
] as const;

/** The columns that the migration reads and writes. */
interface ProductColumns {
  product: {
    sequence: bigint;
    body: Uint8Array;
    brand: string | null;
    core_count: bigint | null;
    min_ghz: number | null;
    ram_bits: string | null;
  };
}

/** The number of products in a page: at most 5 MB. */
const pageProducts = 100;

/**
 * Fills the search columns and the text index of existing products. Frozen as released with this migration: do not change
 * it with the live code.
 */
async function backfillSearch(db: Kysely<ProductColumns>): Promise<void> {
  let position = 0n;
  for (;;) {
    const rows = await db
      .selectFrom("product")
      .select(["sequence", "body"])
      .where("sequence", ">", position)
      .orderBy("sequence")
      .limit(pageProducts)
      .execute();
    for (const { sequence, body } of rows) {
      const product = fromBinary(ProductSchema, body);
      await db.updateTable("product").set(searchColumnsOf(product)).where("sequence", "=", sequence).execute();
      await sql`insert into product_text (rowid, name, maker, description)
        values (${sequence}, ${joinTerms(product.name)}, ${joinTerms(makerOf(product))}, ${joinTerms(product.description)})
      `.execute(db);
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    position = last.sequence;
  }
}

function searchColumnsOf({ attributes }: Product): Partial<ProductColumns["product"]> {
  const laptop = attributes.case === "laptop" ? attributes.value : undefined;
  const shift = laptop?.ram && ramShifts[laptop.ram.unit];
  return {
    brand: laptop?.brand ? laptop.brand.normalize("NFKC").toLowerCase() : null,
    core_count: laptop?.cpu?.coreCount ? BigInt(laptop.cpu.coreCount) : null,
    min_ghz: laptop?.cpu?.minGhz || null,
    ram_bits:
      laptop?.ram && shift !== undefined ? (laptop.ram.value << shift).toString(16).padStart(ramDigits, "0") : null,
  };
}

const ramShifts: Partial<Record<MemoryUnit, bigint>> = {
  [MemoryUnit.BIT]: 0n,
  [MemoryUnit.BYTE]: 3n,
  [MemoryUnit.KILOBYTE]: 13n,
  [MemoryUnit.MEGABYTE]: 23n,
  [MemoryUnit.GIGABYTE]: 33n,
  [MemoryUnit.TERABYTE]: 43n,
};

const ramDigits = 27; // enough for 2^107; texts of equal length sort as the numbers do

function makerOf({ attributes }: Product): string {
  if (attributes.case !== "laptop") return "";
  const { brand, cpu, gpus } = attributes.value;
  return [brand, cpu?.brand, cpu?.name, ...gpus.flatMap((gpu) => [gpu.brand, gpu.name])].filter(Boolean).join("\n");
}

function joinTerms(text: string): string {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu)?.join(" ") ?? "";
}
