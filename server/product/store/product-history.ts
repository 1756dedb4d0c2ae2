import { type Kysely, sql } from "kysely";
import type { ProductPastTable, Tables } from "../../storage/tables.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";

/** A moment in the history of all products. */
export interface ProductMoment extends AsyncDisposable {
  /** The number of the last change there was. */
  readonly revision: bigint;
  /** The sequence number of the last product there was. */
  readonly last: bigint;
  /** How many products there were. */
  readonly total: number;
}

/** A state of a product that a change is about to end. */
export interface EndingState {
  readonly sequence: bigint;
  readonly body: Uint8Array;
  /** The change that began it; 0 where it was the first. */
  readonly since: bigint;
}

/** How many states may wait to be looked at: a look costs a query or two. */
export const maxUncheckedStates = 1_000;

/**
 * The states that products had, in the embedded database.
 *
 * Each change leaves the state before it, in its own transaction. What no open moment needs is dropped: after a thousand
 * changes, when a moment is closed, and with the first change after a start. So there are never more states of a
 * product, beyond a thousand in all, than there are open moments.
 */
export class ProductHistory {
  readonly #tables: Kysely<Tables>;
  readonly #open = new Set<{ revision?: bigint }>();
  #checkedUntil = 0n;
  #unchecked = maxUncheckedStates;

  constructor(tables: Kysely<Tables>) {
    this.#tables = tables;
  }

  /** The present moment, which stays as it is until it is disposed of. */
  async now(): Promise<ProductMoment> {
    // It counts as open before its number is read: otherwise what a change leaves in between could be dropped.
    const open: { revision?: bigint } = {};
    this.#open.add(open);
    try {
      const moment = await readMoment(this.#tables);
      open.revision = moment.revision;
      return { ...moment, [Symbol.asyncDispose]: () => this.#close(open) };
    } catch (error) {
      this.#open.delete(open);
      throw error;
    }
  }

  /** Keeps a state that ends with the transaction. Resolves to the number of the change that ends it. */
  async keep(transaction: Kysely<Tables>, { sequence, body, since }: EndingState): Promise<bigint> {
    const { newest } = await transaction
      .selectFrom("product")
      .select(({ fn }) => fn.max("revision").as("newest"))
      .where("revision", ">", zero)
      .executeTakeFirstOrThrow();
    const until = (newest ?? 0n) + 1n;
    const state = { until_revision: until, from_revision: since, sequence, body };
    await transaction.insertInto("product_past").values(state).execute();
    return until;
  }

  /** To be called after each change, once it is committed. */
  async changed(): Promise<void> {
    this.#unchecked++;
    if (this.#unchecked >= maxUncheckedStates) await this.#drop(this.#checkedUntil);
  }

  async #close(open: { revision?: bigint }): Promise<void> {
    if (this.#open.delete(open)) await this.#drop(0n);
  }

  /** Drops what no open moment needs of the states that ended after a change. */
  async #drop(after: bigint): Promise<void> {
    this.#unchecked = 0;
    const { end } = await this.#tables
      .selectFrom("product_past")
      .select(({ fn }) => fn.max("until_revision").as("end"))
      .executeTakeFirstOrThrow();
    if (end === null) return;
    for (let from: bigint | undefined = after; from !== undefined; ) {
      if (from > after) await callScheduler.nextTurn();
      from = await this.#dropStep(from, end);
    }
    if (end > this.#checkedUntil) this.#checkedUntil = end;
  }

  /** Resolves to where the next step begins; undefined where this was the last. */
  async #dropStep(after: bigint, end: bigint): Promise<bigint | undefined> {
    // By the states that there are: the changes that left none are many more.
    const states = await this.#tables
      .selectFrom("product_past")
      .select(["from_revision", "until_revision"])
      .where("until_revision", ">", after)
      .where("until_revision", "<=", end)
      .orderBy("until_revision")
      .limit(statesPerStep)
      .execute();
    // Moments that are opened from here on begin after these states have ended.
    const needed = this.#neededRevisions();
    const unneeded = states.filter((state) => !needed.some((isNeeded) => isNeeded(state)));
    if (unneeded.length > 0) {
      await this.#tables
        .deleteFrom("product_past")
        .where(
          "until_revision",
          "in",
          unneeded.map((state) => state.until_revision),
        )
        .execute();
    }
    return states.length < statesPerStep ? undefined : states.at(-1)?.until_revision;
  }

  #neededRevisions(): ((state: Pick<ProductPastTable, "from_revision" | "until_revision">) => boolean)[] {
    const revisions = new Set([...this.#open].map(({ revision }) => revision));
    if (revisions.has(undefined)) return [() => true];
    return [...(revisions as Set<bigint>)].map(
      (revision) => (state) => state.from_revision <= revision && revision < state.until_revision,
    );
  }
}

/** How many states are looked at in one go, which takes a millisecond. */
const statesPerStep = 500;

async function readMoment(tables: Kysely<Tables>): Promise<Pick<ProductMoment, "revision" | "last" | "total">> {
  // One statement, so that the three are of the same moment.
  const { revision, last, total } = await tables
    .selectNoFrom((query) => [
      query
        .selectFrom("product")
        .select(({ fn }) => fn.max("revision").as("revision"))
        .where("revision", ">", zero)
        .as("revision"),
      query
        .selectFrom("product")
        .select(({ fn }) => fn.max("sequence").as("last"))
        .as("last"),
      query
        .selectFrom("product")
        .select(({ fn }) => fn.countAll<bigint>().as("total"))
        .where("deleted", "=", zero)
        .as("total"),
    ])
    .executeTakeFirstOrThrow();
  return { revision: revision ?? 0n, last: last ?? 0n, total: Number(total ?? 0n) };
}

// Not a parameter: SQLite uses a partial index only for a condition whose value it sees.
const zero = sql<bigint>`0`;
