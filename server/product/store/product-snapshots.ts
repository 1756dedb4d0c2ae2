import { type Kysely, sql } from "kysely";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { ProductPastTable, ProductTables } from "./product-tables.ts";

/** A pinned revision of all products: until it is disposed of, the product revisions of that moment are kept. */
export interface PinnedRevision extends AsyncDisposable {
  /** The number of the newest change. */
  readonly revision: bigint;
  /** The highest product sequence. */
  readonly maxSequence: bigint;
  /** The number of products that are not deleted. */
  readonly total: number;
}

/** A revision of a product that a change is about to replace. */
export interface ReplacedRevision {
  readonly sequence: bigint;
  readonly body: Uint8Array;
  /** The number of the change that made it; 0 for a new product. */
  readonly fromRevision: bigint;
}

/** The maximum number of archived revisions that wait for the next pruning, which takes a query or two. */
export const maxUnprunedRevisions = 1_000;

/**
 * The past revisions of products in SQLite, for snapshots (multi-version concurrency control).
 *
 * Each change archives the replaced revision in its own transaction. Archived revisions that no pin needs are pruned:
 * after {@link maxUnprunedRevisions} changes, when a pin is released, and with the first change after a start. So
 * each pin keeps at most one archived revision of each product, and at most 1,000 more, over all products, wait to be
 * pruned.
 */
export class ProductSnapshots {
  readonly #tables: Kysely<ProductTables>;
  /** The pinned revision numbers; undefined while one is being read. */
  readonly #pins = new Set<{ revision?: bigint }>();
  #prunedUntil = 0n;
  #unpruned = maxUnprunedRevisions;

  constructor(tables: Kysely<ProductTables>) {
    this.#tables = tables;
  }

  /** Pins the current revision of all products. */
  async pin(): Promise<PinnedRevision> {
    // The pin exists before its number is read: otherwise a revision archived in between could be pruned.
    const pin: { revision?: bigint } = {};
    this.#pins.add(pin);
    try {
      const newest = await readNewestRevision(this.#tables);
      pin.revision = newest.revision;
      return { ...newest, [Symbol.asyncDispose]: () => this.#release(pin) };
    } catch (error) {
      this.#pins.delete(pin);
      throw error;
    }
  }

  /** Archives a revision as part of a transaction. Resolves to the number of the change that replaces it. */
  async archive(
    transaction: Kysely<ProductTables>,
    { sequence, body, fromRevision }: ReplacedRevision,
  ): Promise<bigint> {
    const { newest } = await transaction
      .selectFrom("product")
      .select(({ fn }) => fn.max("revision").as("newest"))
      .where("revision", ">", zero)
      .executeTakeFirstOrThrow();
    const revision = (newest ?? 0n) + 1n;
    const row = { until_revision: revision, from_revision: fromRevision, sequence, body };
    await transaction.insertInto("product_past").values(row).execute();
    return revision;
  }

  /** Prunes if it is due. Call it after each committed change. */
  async afterChange(): Promise<void> {
    this.#unpruned++;
    if (this.#unpruned >= maxUnprunedRevisions) await this.#prune(this.#prunedUntil);
  }

  async #release(pin: { revision?: bigint }): Promise<void> {
    if (this.#pins.delete(pin)) await this.#prune(0n);
  }

  /** Deletes the archived revisions that no pin needs, of those that were replaced after the change `after`. */
  async #prune(after: bigint): Promise<void> {
    this.#unpruned = 0;
    const { end } = await this.#tables
      .selectFrom("product_past")
      .select(({ fn }) => fn.max("until_revision").as("end"))
      .executeTakeFirstOrThrow();
    if (end === null) return;
    for (let from: bigint | undefined = after; from !== undefined; ) {
      if (from > after) await callScheduler.nextTurn();
      from = await this.#pruneStep(from, end);
    }
    if (end > this.#prunedUntil) this.#prunedUntil = end;
  }

  /** Resolves to the position of the next step, or to undefined if this was the last one. */
  async #pruneStep(after: bigint, end: bigint): Promise<bigint | undefined> {
    // Steps by archived revisions, not by numbers of changes: most changes have no archived revision any more.
    const archived = await this.#tables
      .selectFrom("product_past")
      .select(["from_revision", "until_revision"])
      .where("until_revision", ">", after)
      .where("until_revision", "<=", end)
      .orderBy("until_revision")
      .limit(revisionsPerStep)
      .execute();
    // A pin that is created after this point does not need these revisions: they were replaced before it.
    const needs = this.#pinNeeds();
    const unneeded = archived.filter((each) => !needs.some((isNeeded) => isNeeded(each)));
    if (unneeded.length > 0) {
      await this.#tables
        .deleteFrom("product_past")
        .where(
          "until_revision",
          "in",
          unneeded.map((each) => each.until_revision),
        )
        .execute();
    }
    return archived.length < revisionsPerStep ? undefined : archived.at(-1)?.until_revision;
  }

  /** Returns one predicate for each pinned revision number: whether the pin needs an archived revision. */
  #pinNeeds(): ((archived: Pick<ProductPastTable, "from_revision" | "until_revision">) => boolean)[] {
    const revisions = new Set([...this.#pins].map(({ revision }) => revision));
    if (revisions.has(undefined)) return [() => true];
    return [...(revisions as Set<bigint>)].map(
      (revision) => (archived) => archived.from_revision <= revision && revision < archived.until_revision,
    );
  }
}

/** The maximum number of archived revisions in one step of pruning, which takes a millisecond. */
const revisionsPerStep = 500;

async function readNewestRevision(
  tables: Kysely<ProductTables>,
): Promise<Pick<PinnedRevision, "revision" | "maxSequence" | "total">> {
  // One statement, so that the three numbers are consistent.
  const { revision, maxSequence, total } = await tables
    .selectNoFrom((query) => [
      query
        .selectFrom("product")
        .select(({ fn }) => fn.max("revision").as("revision"))
        .where("revision", ">", zero)
        .as("revision"),
      query
        .selectFrom("product")
        .select(({ fn }) => fn.max("sequence").as("maxSequence"))
        .as("maxSequence"),
      query
        .selectFrom("product")
        .select(({ fn }) => fn.countAll<bigint>().as("total"))
        .where("deleted", "=", zero)
        .as("total"),
    ])
    .executeTakeFirstOrThrow();
  return { revision: revision ?? 0n, maxSequence: maxSequence ?? 0n, total: Number(total ?? 0n) };
}

// A literal, not a parameter: SQLite uses a partial index only if it sees the value of the condition. See
// https://www.sqlite.org/partialindex.html.
const zero = sql<bigint>`0`;
