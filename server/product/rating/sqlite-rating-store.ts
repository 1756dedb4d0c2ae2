import type { StatementSync } from "node:sqlite";
import { type Kysely, sql } from "kysely";
import { GroupCommit } from "../../storage/group-commit.ts";
import type { Database } from "../../storage/sqlite/database.ts";
import type { ProductTables } from "../store/product-tables.ts";
import type { ProductScore, RatingStore, ScoreSum } from "./rating-store.ts";

/** Ratings in SQLite. */
export class SqliteRatingStore implements RatingStore {
  readonly #tables: Kysely<ProductTables>;
  /** Runs in this thread: a lookup through `tables` would wait for pending transactions. */
  readonly #sum: StatementSync;
  readonly #scores: GroupCommit<ProductScore, ScoreSum | undefined>;

  constructor({ tables, reader }: Pick<Database<ProductTables>, "tables" | "reader">) {
    this.#tables = tables;
    this.#sum = reader.prepare(
      "select count, sum_millionths from product_rating join product using (sequence) where product.id = ?",
    );
    this.#sum.setReadBigInts(true);
    this.#scores = new GroupCommit((scores) => this.#addAll(scores), maxScoresPerCommit);
  }

  add(score: ProductScore): Promise<ScoreSum | undefined> {
    return this.#scores.add(score);
  }

  async get(productId: string): Promise<ScoreSum> {
    const row = this.#sum.get(productId) as { count: bigint; sum_millionths: bigint } | undefined;
    return { count: row?.count ?? 0n, millionths: row?.sum_millionths ?? 0n };
  }

  async #addAll(scores: readonly ProductScore[]): Promise<(ScoreSum | undefined)[]> {
    return this.#tables.transaction().execute(async (transaction) => {
      const sums: (ScoreSum | undefined)[] = [];
      for (const score of scores) sums.push(await addScore(transaction, score));
      return sums;
    });
  }
}

/** The maximum number of scores in one transaction. It takes about 10 ms, and other queries wait for it. */
const maxScoresPerCommit = 128;

async function addScore(
  transaction: Kysely<ProductTables>,
  { productId, millionths }: ProductScore,
): Promise<ScoreSum | undefined> {
  // `and true` avoids SQLite's parsing ambiguity of `on` after a select: https://www.sqlite.org/lang_upsert.html
  const { rows } = await sql<ScoreSum>`
    insert into product_rating (sequence, count, sum_millionths)
    select sequence, 1, ${millionths} from product where id = ${productId} and deleted = 0 and true
    on conflict (sequence) do update set count = count + 1, sum_millionths = sum_millionths + excluded.sum_millionths
    returning count, sum_millionths as millionths`.execute(transaction);
  return rows[0];
}
