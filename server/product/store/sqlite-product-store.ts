import type { StatementSync } from "node:sqlite";
import { equals, fromBinary } from "@bufbuild/protobuf";
import { type Kysely, sql } from "kysely";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { AlreadyExistsError } from "../../shared/resource-errors.ts";
import type { Database } from "../../storage/database.ts";
import { GroupCommit } from "../../storage/group-commit.ts";
import type { Tables } from "../../storage/tables.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { TextSearch } from "../search/text-search.ts";
import { productColumns, productTexts } from "./product-columns.ts";
import { ProductHistory, type ProductMoment } from "./product-history.ts";
import type { ProductListing, ProductStore } from "./product-store.ts";

/** What the store needs of the database: `tables` for writes, `queries` for long reads, `reader` for lookups. */
export type ProductDatabase = Pick<Database, "tables" | "queries" | "reader">;

/** Products in the embedded database. */
export class SqliteProductStore implements ProductStore {
  readonly #tables: Kysely<Tables>;
  readonly #queries: Kysely<Tables>;
  /** Runs in this thread: a lookup that used `tables` would wait for every transaction under way. */
  readonly #body: StatementSync;
  readonly #texts: TextSearch;
  readonly #history: ProductHistory;
  readonly #creations: GroupCommit<Product, boolean>;

  constructor({ tables, queries, reader }: ProductDatabase, texts: TextSearch) {
    this.#tables = tables;
    this.#queries = queries;
    this.#body = reader.prepare("select body from product where id = ?");
    this.#texts = texts;
    this.#history = new ProductHistory(tables);
    this.#creations = new GroupCommit((products) => this.#insertAll(products), maxCreationsPerCommit);
  }

  async create(product: Product): Promise<void> {
    if (!(await this.#creations.add(product))) throw new AlreadyExistsError("product", product.id);
  }

  async seed(products: readonly Product[]): Promise<number> {
    return this.#tables.transaction().execute(async (transaction) => {
      const any = await transaction.selectFrom("product").select("sequence").limit(1).executeTakeFirst();
      if (any !== undefined) return 0;
      for (const product of products) {
        if (!(await this.#insert(transaction, product))) throw new AlreadyExistsError("product", product.id);
      }
      return products.length;
    });
  }

  async get(id: string): Promise<Product | undefined> {
    const row = this.#body.get(id) as { body: Uint8Array } | undefined;
    return row && toProduct(row);
  }

  async update(id: string, change: (current: Product) => Product): Promise<Product | undefined> {
    const updated = await this.#tables.transaction().execute((transaction) => this.#change(transaction, id, change));
    // The change is committed, and nobody's concern if this fails: it is done again with a later change.
    await this.#history.changed().catch(() => {});
    return updated;
  }

  async count(): Promise<number> {
    const { total } = await this.#queries
      .selectFrom("product")
      .select(({ fn }) => fn.countAll<bigint>().as("total"))
      .where("deleted", "=", sql<bigint>`0`)
      .executeTakeFirstOrThrow();
    return Number(total);
  }

  async list(): Promise<ProductListing> {
    const moment = await this.#history.now();
    return {
      total: moment.total,
      pages: (signal) => readPages(this.#queries, moment, signal),
      [Symbol.asyncDispose]: () => moment[Symbol.asyncDispose](),
    };
  }

  async #insertAll(products: readonly Product[]): Promise<boolean[]> {
    return this.#tables.transaction().execute(async (transaction) => {
      const added: boolean[] = [];
      for (const product of products) added.push(await this.#insert(transaction, product));
      return added;
    });
  }

  /** Resolves to whether the id was free. */
  async #insert(transaction: Kysely<Tables>, product: Product): Promise<boolean> {
    const added = await transaction
      .insertInto("product")
      .values(productColumns(product))
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("sequence")
      .executeTakeFirst();
    if (added === undefined) return false;
    await this.#texts.put(transaction, added.sequence, productTexts(product));
    return true;
  }

  async #change(transaction: Kysely<Tables>, id: string, change: (current: Product) => Product) {
    const row = await transaction
      .selectFrom("product")
      .select(["sequence", "revision", "body"])
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const current = toProduct(row);
    const next = change(current);
    if (equals(ProductSchema, next, current)) return current;
    const { sequence, body } = row;
    const revision = await this.#history.keep(transaction, { sequence, body, since: row.revision });
    await transaction
      .updateTable("product")
      .set({ ...productColumns(next), revision })
      .where("sequence", "=", sequence)
      .execute();
    if (next.deleteTime === undefined) await this.#texts.put(transaction, sequence, productTexts(next));
    else await this.#texts.remove(transaction, sequence);
    return next;
  }
}

/** How many products are created in one transaction: some ten milliseconds, during which other queries wait. */
const maxCreationsPerCommit = 64;

// The largest product that the rules allow has some 50 KB: a page is at most 5 MB, and takes a millisecond as a rule.
const maxPageProducts = 100;

async function* readPages(
  tables: Kysely<Tables>,
  { revision, last }: ProductMoment,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Product[]> {
  let position = 0n;
  while (position < last) {
    // The database answers without a turn of the event loop: without this one, nobody else would get a word in.
    if (position > 0n) await callScheduler.nextTurn();
    signal?.throwIfAborted();
    const rows = await tables
      .selectFrom("product")
      .select(["sequence", "body"])
      .where("sequence", ">", position)
      .where("sequence", "<=", last)
      .where("revision", "<=", revision)
      .where("deleted", "=", sql<bigint>`0`)
      .unionAll((query) =>
        query
          .selectFrom("product_past")
          .select(["sequence", "body"])
          .where("sequence", ">", position)
          .where("sequence", "<=", last)
          .where("from_revision", "<=", revision)
          .where("until_revision", ">", revision),
      )
      .orderBy("sequence")
      .limit(maxPageProducts)
      .execute();
    position = rows.at(-1)?.sequence ?? last;
    if (rows.length > 0) yield rows.map(toProduct);
  }
}

function toProduct(row: { readonly body: Uint8Array }): Product {
  return fromBinary(ProductSchema, row.body);
}
