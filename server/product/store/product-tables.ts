import { fromBinary } from "@bufbuild/protobuf";
import { type Generated, type GeneratedAlways, type Kysely, sql } from "kysely";
import { MemoryUnit, type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { Migrations } from "../../storage/sqlite/migrations.ts";

/** The tables of the catalogue as of the newest migration. Integers are read as bigints, so that none is rounded. */
export interface ProductTables {
  product: ProductTable;
  product_past: ProductPastTable;
  product_rating: ProductRatingTable;
}

/** A product a row. */
export interface ProductTable {
  /** The order of creation. Never reused. */
  sequence: GeneratedAlways<bigint>;
  /** A UUID in lower case. */
  id: string;
  name: string;
  /** ISO 4217; null with the other two where no price is known. */
  price_currency: string | null;
  price_units: bigint | null;
  /** Billionths of a unit. */
  price_nanos: bigint | null;
  /** The whole product as a protobuf message: what the other columns repeat is for queries only. */
  body: Uint8Array;
  /** The number of its last change among all changes of products; 0 where it is as it was created. */
  revision: Generated<bigint>;
  /** 1 where it was deleted, else 0. */
  deleted: Generated<bigint>;
  /** A laptop's brand, folded for comparison. This and what follows is null where it is not known. */
  brand: string | null;
  core_count: bigint | null;
  /** The base clock. */
  min_ghz: number | null;
  /** The main memory in bits: 27 hexadecimal digits, which compare as the numbers do and hold any that can be told. */
  ram_bits: string | null;
}

/** A state that a product had, kept while a listing needs it. */
export interface ProductPastTable {
  /** The change that ended it. */
  until_revision: bigint;
  /** The change that began it; 0 where it was the first. */
  from_revision: bigint;
  /** The product's. */
  sequence: bigint;
  body: Uint8Array;
}

/** The ratings of a product that has any. */
interface ProductRatingTable {
  /** The product's. */
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

/** The catalogue, in the order of creation. */
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

/**
 * Products that change, are deleted, searched and rated: columns for what a search compares, the index of their texts,
 * the states that open listings still need, and what ratings there are.
 */
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
  // Without an index of short beginnings, "a*" merges the lists of all words that begin with a: a second, not a
  // millisecond, where there are many. The texts themselves are in the products: here they would be kept twice.
  await sql`create virtual table product_text using fts5(
      name, maker, description,
      content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
    )`.execute(db);
  await fillIn(db);
}

const searchColumns = [
  ["brand", "text"],
  ["core_count", "integer"],
  ["min_ghz", "real"],
  ["ram_bits", "text"],
] as const;

/** What this migration reads and writes, as it is at its end. */
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

/** How many products are read at a time: at most 5 MB. */
const pageProducts = 100;

/** Makes the products searchable that are there already. What follows says so for this migration, and stays so. */
async function fillIn(db: Kysely<ProductColumns>): Promise<void> {
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
      await db.updateTable("product").set(columnsOf(product)).where("sequence", "=", sequence).execute();
      await sql`insert into product_text (rowid, name, maker, description)
        values (${sequence}, ${wordsOf(product.name)}, ${wordsOf(makerOf(product))}, ${wordsOf(product.description)})
      `.execute(db);
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    position = last.sequence;
  }
}

function columnsOf({ attributes }: Product): Partial<ProductColumns["product"]> {
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

const ramDigits = 27; // 107 bits: texts of one length compare as the numbers do

function makerOf({ attributes }: Product): string {
  if (attributes.case !== "laptop") return "";
  const { brand, cpu, gpus } = attributes.value;
  return [brand, cpu?.brand, cpu?.name, ...gpus.flatMap((gpu) => [gpu.brand, gpu.name])].filter(Boolean).join("\n");
}

function wordsOf(text: string): string {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu)?.join(" ") ?? "";
}
