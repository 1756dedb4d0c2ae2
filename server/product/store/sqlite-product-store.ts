import type { StatementSync } from "node:sqlite";
import { equals, fromBinary } from "@bufbuild/protobuf";
import { type Kysely, sql } from "kysely";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { AlreadyExistsError } from "../../shared/api-resource-errors.ts";
import { GroupCommit } from "../../storage/group-commit.ts";
import type { Database } from "../../storage/sqlite/database.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { TextIndex } from "../search/text-index.ts";
import { toProductRow, toProductTexts } from "./product-row.ts";
import { type PinnedRevision, ProductSnapshots } from "./product-snapshots.ts";
import type { ProductSnapshot, ProductStore } from "./product-store.ts";
import type { ProductTables } from "./product-tables.ts";

/** The connections of the store: `tables` for writes, `queries` for long reads, `reader` for lookups. */
export type ProductDatabase = Pick<Database<ProductTables>, "tables" | "queries" | "reader">;

/** Products in SQLite. */
export class SqliteProductStore implements ProductStore {
  readonly #tables: Kysely<ProductTables>;
  readonly #queries: Kysely<ProductTables>;
  /** Runs in this thread: a lookup through `tables` would wait for pending transactions. */
  readonly #body: StatementSync;
  readonly #textIndex: TextIndex;
  readonly #snapshots: ProductSnapshots;
  readonly #creations: GroupCommit<Product, boolean>;

  constructor({ tables, queries, reader }: ProductDatabase, textIndex: TextIndex) {
    this.#tables = tables;
    this.#queries = queries;
    this.#body = reader.prepare("select body from product where id = ?");
    this.#textIndex = textIndex;
    this.#snapshots = new ProductSnapshots(tables);
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
    // The change is committed, so a failure to prune is not its failure. A later change prunes again.
    await this.#snapshots.afterChange().catch(() => {});
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

  async openSnapshot(): Promise<ProductSnapshot> {
    const pinned = await this.#snapshots.pin();
    return {
      total: pinned.total,
      pages: (signal) => readPages(this.#queries, pinned, signal),
      [Symbol.asyncDispose]: () => pinned[Symbol.asyncDispose](),
    };
  }

  async #insertAll(products: readonly Product[]): Promise<boolean[]> {
    return this.#tables.transaction().execute(async (transaction) => {
      const added: boolean[] = [];
      for (const product of products) added.push(await this.#insert(transaction, product));
      return added;
    });
  }

  /** Resolves to false if the id is taken. */
  async #insert(transaction: Kysely<ProductTables>, product: Product): Promise<boolean> {
    const added = await transaction
      .insertInto("product")
      .values(toProductRow(product))
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("sequence")
      .executeTakeFirst();
    if (added === undefined) return false;
    await this.#textIndex.put(transaction, added.sequence, toProductTexts(product));
    return true;
  }

  async #change(transaction: Kysely<ProductTables>, id: string, change: (current: Product) => Product) {
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
    const revision = await this.#snapshots.archive(transaction, { sequence, body, fromRevision: row.revision });
    await transaction
      .updateTable("product")
      .set({ ...toProductRow(next), revision })
      .where("sequence", "=", sequence)
      .execute();
    if (next.deleteTime === undefined) await this.#textIndex.put(transaction, sequence, toProductTexts(next));
    else await this.#textIndex.remove(transaction, sequence);
    return next;
  }
}

/** The maximum number of products that one transaction adds. It takes about 10 ms, and other queries wait for it. */
const maxCreationsPerCommit = 64;

// The largest valid product has about 50 KB, so a page has at most 5 MB. It usually takes a millisecond.
const maxPageProducts = 100;

async function* readPages(
  tables: Kysely<ProductTables>,
  { revision, maxSequence }: PinnedRevision,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Product[]> {
  let position = 0n;
  while (position < maxSequence) {
    // The reply of the database can arrive in the same turn of the event loop. Without this pause, a long read would block
    // all other calls.
    if (position > 0n) await callScheduler.nextTurn();
    signal?.throwIfAborted();
    const rows = await tables
      .selectFrom("product")
      .select(["sequence", "body"])
      .where("sequence", ">", position)
      .where("sequence", "<=", maxSequence)
      .where("revision", "<=", revision)
      .where("deleted", "=", sql<bigint>`0`)
      .unionAll((query) =>
        query
          .selectFrom("product_past")
          .select(["sequence", "body"])
          .where("sequence", ">", position)
          .where("sequence", "<=", maxSequence)
          .where("from_revision", "<=", revision)
          .where("until_revision", ">", revision),
      )
      .orderBy("sequence")
      .limit(maxPageProducts)
      .execute();
    position = rows.at(-1)?.sequence ?? maxSequence;
    if (rows.length > 0) yield rows.map(toProduct);
  }
}

function toProduct(row: { readonly body: Uint8Array }): Product {
  return fromBinary(ProductSchema, row.body);
}
