import { setImmediate } from "node:timers/promises";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Insertable, Kysely, Selectable, Transaction } from "kysely";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { AlreadyExistsError } from "../errors.ts";
import type { ProductTable, Tables } from "../storage/tables.ts";
import type { ProductListing, ProductStore } from "./product-store.ts";

/** Products in the embedded database. */
export class SqliteProductStore implements ProductStore {
  readonly #tables: Kysely<Tables>;

  constructor(tables: Kysely<Tables>) {
    this.#tables = tables;
  }

  async create(product: Product): Promise<void> {
    await insert(this.#tables, product);
  }

  async seed(products: readonly Product[]): Promise<number> {
    return this.#tables.transaction().execute(async (transaction) => {
      if ((await extentOf(transaction)).total > 0) return 0;
      for (const product of products) await insert(transaction, product);
      return products.length;
    });
  }

  async get(id: string): Promise<Product | undefined> {
    const row = await this.#tables.selectFrom("product").select("body").where("id", "=", id).executeTakeFirst();
    return row && toProduct(row);
  }

  async count(): Promise<number> {
    return (await extentOf(this.#tables)).total;
  }

  async list(): Promise<ProductListing> {
    const { total, last } = await extentOf(this.#tables);
    return { total, pages: (signal) => readPages(this.#tables, last, signal) };
  }
}

// The largest product that the rules allow has some 50 KB: a page is at most 5 MB, and takes a millisecond as a rule.
const maxPageProducts = 100;

async function* readPages(
  tables: Kysely<Tables>,
  last: bigint,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Product[]> {
  let position = 0n;
  while (position < last) {
    // The database answers without a turn of the event loop: without this one, nobody else would get a word in.
    if (position > 0n) await setImmediate();
    signal?.throwIfAborted();
    const rows = await tables
      .selectFrom("product")
      .select(["sequence", "body"])
      .where("sequence", ">", position)
      .where("sequence", "<=", last)
      .orderBy("sequence")
      .limit(maxPageProducts)
      .execute();
    position = rows.at(-1)?.sequence ?? last;
    if (rows.length > 0) yield rows.map(toProduct);
  }
}

async function insert(tables: Kysely<Tables> | Transaction<Tables>, product: Product): Promise<void> {
  const added = await tables
    .insertInto("product")
    .values(toRow(product))
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("sequence")
    .executeTakeFirst();
  if (added === undefined) throw new AlreadyExistsError("product", product.id);
}

async function extentOf(tables: Kysely<Tables>): Promise<{ total: number; last: bigint }> {
  const { total, last } = await tables
    .selectFrom("product")
    .select(({ fn }) => [fn.countAll<bigint>().as("total"), fn.max("sequence").as("last")])
    .executeTakeFirstOrThrow();
  return { total: Number(total), last: last ?? 0n };
}

function toRow(product: Product): Insertable<ProductTable> {
  return {
    id: product.id,
    name: product.name,
    price_currency: product.price?.currencyCode ?? null,
    price_units: product.price?.units ?? null,
    price_nanos: product.price === undefined ? null : BigInt(product.price.nanos),
    body: toBinary(ProductSchema, product),
  };
}

function toProduct(row: Pick<Selectable<ProductTable>, "body">): Product {
  return fromBinary(ProductSchema, row.body);
}
