import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Insertable, Kysely } from "kysely";
import { nanosPerUnit } from "../../../client/shared/money-text.ts";
import { Mutex } from "../../shared/mutex.ts";
import { BulkWrite } from "../../storage/sqlite/bulk-write.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import { type OrderCriteria, selectsAll } from "../order-criteria.ts";
import { OrderTotalsByCurrency } from "../order-totals-by-currency.ts";
import type { NewOrder } from "../submit/encode-new-order.ts";
import { AdaptiveScanSize } from "./adaptive-scan-size.ts";
import type { AppendOutcome, OrderPage, OrderStore, PageRange } from "./order-store.ts";
import type { OrderLineTable, OrderTables } from "./order-tables.ts";
import { contentOf, toBody } from "./stored-order-encoding.ts";

export interface SqliteOrderStoreOptions {
  readonly tables: Kysely<OrderTables>;
  /** Reads the orders. No other object may append orders to the same database. */
  readonly reader: DatabaseSync;
  /** A monotonic clock in milliseconds. Default: the clock of the system. */
  readonly now?: () => number;
}

/** A part of the order store that is read in slices. */
type ReadRange = Omit<PageRange, "pageSize">;

/** Stores orders in the embedded database. Writes through `tables`, and reads short pages in the calling thread. */
export class SqliteOrderStore implements OrderStore {
  readonly #tables: Kysely<OrderTables>;
  readonly #reader: DatabaseSync;
  readonly #now: () => number;
  readonly #statements = new Map<string, StatementSync>();
  readonly #insert = new BulkWrite<OrderRow>((rows) => this.#tables.insertInto("order_line").values(rows).compile());
  readonly #byKey: StatementSync;
  #newest: number;
  readonly #appends = new Mutex();
  /** The totals of all orders up to a sequence. Orders never change, so only the newer ones are added. */
  #cachedTotals = { upTo: 0, totals: new OrderTotalsByCurrency() };

  constructor({ tables, reader, now = () => performance.now() }: SqliteOrderStoreOptions) {
    this.#tables = tables;
    this.#reader = reader;
    this.#now = now;
    this.#byKey = this.#prepare("select sequence, body from order_line where key = ?");
    const newest = this.#prepare("select coalesce(max(sequence), 0) from order_line").get();
    this.#newest = Number(columnsOf(newest)[0]);
  }

  get newest(): number {
    return this.#newest;
  }

  append(orders: readonly NewOrder[]): Promise<AppendOutcome[]> {
    return this.#appends.run(() => this.#append(orders));
  }

  hasKey(key: string): boolean {
    return this.#byKey.get(key) !== undefined;
  }

  async count(criteria: OrderCriteria, snapshot: number, signal?: AbortSignal, peer?: Peer): Promise<number> {
    if (selectsAll(criteria)) return snapshot; // sequences have no gaps
    const { sql, parameters } = conditionsOf(criteria);
    const counting = this.#prepare(`select count(*) from order_line where sequence > ? and sequence <= ?${sql}`);
    let count = 0;
    for await (const [from, to] of this.#slices({ after: 0, snapshot, peer }, signal)) {
      count += Number(columnsOf(counting.get(from, to, ...parameters))[0]);
    }
    return count;
  }

  async totals(
    criteria: OrderCriteria,
    snapshot: number,
    signal?: AbortSignal,
    peer?: Peer,
  ): Promise<OrderTotalsByCurrency> {
    const totals = new OrderTotalsByCurrency();
    if (!selectsAll(criteria)) {
      await this.#addTotals(totals, criteria, { after: 0, snapshot, peer }, signal);
      return totals;
    }
    const cached = this.#cachedTotals;
    const from = cached.upTo <= snapshot ? cached : { upTo: 0, totals };
    totals.addAll(from.totals);
    await this.#addTotals(totals, criteria, { after: from.upTo, snapshot, peer }, signal);
    if (snapshot > this.#cachedTotals.upTo) {
      const copy = new OrderTotalsByCurrency();
      copy.addAll(totals);
      this.#cachedTotals = { upTo: snapshot, totals: copy };
    }
    return totals;
  }

  async *pages(
    criteria: OrderCriteria,
    { after, snapshot, pageSize, peer }: PageRange,
    signal?: AbortSignal,
  ): AsyncGenerator<OrderPage> {
    const { sql, parameters } = conditionsOf(criteria);
    const page = this.#prepare(pageSql(sql));
    const size = new AdaptiveScanSize();
    for (let position = after; position < snapshot; ) {
      await callScheduler.nextTurn(peer);
      signal?.throwIfAborted();
      // Without conditions every sequence in the range is selected.
      const to = Math.min(snapshot, position + (sql === "" ? pageSize : size.rows));
      const began = this.#now();
      const [count, last, bytes] = columnsOf(page.get(position, to, ...parameters, pageSize));
      size.record(this.#now() - began);
      position = Number(count) < pageSize ? to : Number(last);
      if (Number(count) > 0) yield { bytes: bytes as Uint8Array, count: Number(count) };
    }
  }

  async #append(orders: readonly NewOrder[]): Promise<AppendOutcome[]> {
    const outcomes: AppendOutcome[] = [];
    const rows: OrderRow[] = [];
    const added = new Map<string, { readonly sequence: number; readonly content: Uint8Array }>();
    for (const [at, { order, content }] of orders.entries()) {
      if (at > 0 && at % lookupsBetweenYields === 0) await callScheduler.nextTurn();
      const existing = added.get(order.key) ?? this.#find(order.key);
      if (existing !== undefined) {
        const duplicate = Buffer.compare(existing.content, content) === 0;
        outcomes.push(duplicate ? { kind: "stored", sequence: existing.sequence, duplicate } : { kind: "key-taken" });
        continue;
      }
      const sequence = this.#newest + rows.length + 1;
      rows.push(toRow(sequence, { order, content }));
      added.set(order.key, { sequence, content });
      outcomes.push({ kind: "stored", sequence, duplicate: false });
    }
    if (rows.length > 0) {
      await this.#tables.transaction().execute((transaction) => this.#insert.run(transaction, rows));
      this.#newest += rows.length;
    }
    return outcomes;
  }

  #find(key: string): { sequence: number; content: Uint8Array } | undefined {
    const row = this.#byKey.get(key);
    if (row === undefined) return undefined;
    const [sequence, body] = columnsOf(row);
    return { sequence: Number(sequence), content: contentOf(body as Uint8Array) };
  }

  async #addTotals(
    totals: OrderTotalsByCurrency,
    criteria: OrderCriteria,
    range: ReadRange,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { sql, parameters } = conditionsOf(criteria);
    const adding = this.#prepare(`
      select price_currency, count(*), sum(quantity * price_units), sum(quantity * price_nanos)
      from order_line where sequence > ? and sequence <= ?${sql} group by price_currency`);
    adding.setReadBigInts(true);
    for await (const [from, to] of this.#slices(range, signal)) {
      for (const row of adding.all(from, to, ...parameters)) {
        const [currency, count, units, nanos] = columnsOf(row) as [string, bigint, bigint, bigint];
        totals.add(currency, Number(count), units * nanosPerUnit + nanos);
      }
    }
  }

  /** Yields ranges of sequences that each take about a millisecond to read, each in a slice of the scheduler. */
  async *#slices(
    { after, snapshot, peer }: ReadRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<[number, number]> {
    const size = new AdaptiveScanSize();
    for (let position = after; position < snapshot; ) {
      await callScheduler.nextTurn(peer);
      signal?.throwIfAborted();
      const to = Math.min(snapshot, position + size.rows);
      const began = this.#now();
      yield [position, to];
      size.record(this.#now() - began);
      position = to;
    }
  }

  #prepare(sql: string): StatementSync {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) return cached;
    const statement = this.#reader.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}

type OrderRow = Insertable<OrderLineTable>;

/** The number of lookups, of some microseconds each, after which `append` yields to other calls. */
const lookupsBetweenYields = 256;

/**
 * Returns a page as one blob: SQLite and Node take longer to pass a row than to read it. SQLite concatenates only text,
 * and the casts change no byte. `group_concat` joins the rows in the order in which the inner query returns them.
 */
function pageSql(conditions: string): string {
  return `
    select count(*), max(sequence), cast(group_concat(cast(body as text), '') as blob) from (
      select sequence, body from order_line where sequence > ? and sequence <= ?${conditions}
      order by sequence limit ?)`;
}

/** The criteria as the end of a where clause. There are few different texts. */
interface SqlConditions {
  /** Empty, or conditions that each start with `and`. */
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

function conditionsOf(criteria: OrderCriteria): SqlConditions {
  const { placedFrom, placedBefore, country, customerId, productCode, cancellations } = criteria;
  const sql: string[] = [];
  const parameters: SQLInputValue[] = [];
  const add = (condition: string, ...values: SQLInputValue[]) => {
    sql.push(` and ${condition}`);
    parameters.push(...values);
  };
  if (placedFrom !== undefined) {
    add("(placed_seconds, placed_nanos) >= (?, ?)", placedFrom.seconds, placedFrom.nanos);
  }
  if (placedBefore !== undefined) {
    add("(placed_seconds, placed_nanos) < (?, ?)", placedBefore.seconds, placedBefore.nanos);
  }
  if (country !== undefined) add("country = ?", country);
  if (customerId === null) add("customer_id is null");
  else if (customerId !== undefined) add("customer_id = ?", customerId);
  if (productCode !== undefined) add("product_code = ?", productCode);
  if (cancellations === "excluded") add("quantity > 0");
  if (cancellations === "only") add("quantity < 0");
  return { sql: sql.join(""), parameters };
}

/** Returns the row of a statement with `setReturnArrays(true)`, which the types declare as an object. */
function columnsOf(row: unknown): SQLInputValue[] {
  return row as SQLInputValue[];
}

function toRow(sequence: number, { order, content }: NewOrder): OrderRow {
  const { key, productCode, customerId, country, quantity, unitPrice, placedAt } = order;
  return {
    sequence: BigInt(sequence),
    key,
    product_code: productCode,
    customer_id: customerId ?? null,
    country,
    quantity: BigInt(quantity),
    price_currency: unitPrice?.currencyCode ?? "",
    price_units: unitPrice?.units ?? 0n,
    price_nanos: BigInt(unitPrice?.nanos ?? 0),
    placed_seconds: placedAt?.seconds ?? 0n,
    placed_nanos: BigInt(placedAt?.nanos ?? 0),
    body: toBody(sequence, content),
  };
}
