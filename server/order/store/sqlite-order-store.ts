import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Insertable, Kysely } from "kysely";
import { nanosPerUnit } from "../../../client/shared/money-text.ts";
import { Mutex } from "../../shared/mutex.ts";
import { BulkWrite } from "../../storage/sqlite/bulk-write.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import { isEverything, type OrderSelection } from "../order-selection.ts";
import { OrderTotals } from "../order-totals.ts";
import type { NewOrder } from "../submit/new-order.ts";
import { contentOf, toBody } from "./order-bytes.ts";
import { conditionsOf } from "./order-conditions.ts";
import type { AppendOutcome, OrderPage, OrderStore, PageRange } from "./order-store.ts";
import type { OrderLineTable, OrderTables } from "./order-tables.ts";
import { ReadSlices } from "./read-slices.ts";

/** What orders in the embedded database need of it. */
export interface SqliteOrderStoreOptions {
  readonly tables: Kysely<OrderTables>;
  /** Nobody else may add orders to the database meanwhile. */
  readonly reader: DatabaseSync;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

/** What is read in slices, for a client. */
type ReadRange = Omit<PageRange, "pageSize">;

/** Orders in the embedded database: written through `tables`, read in short pages in the calling thread. */
export class SqliteOrderStore implements OrderStore {
  readonly #tables: Kysely<OrderTables>;
  readonly #reader: DatabaseSync;
  readonly #now: () => number;
  readonly #statements = new Map<string, StatementSync>();
  readonly #insert = new BulkWrite<OrderRow>((rows) => this.#tables.insertInto("order_line").values(rows).compile());
  readonly #byKey: StatementSync;
  #newest: number;
  readonly #appends = new Mutex();
  /** What all orders up to a sequence come to: they never change, so that only newer ones are to be added. */
  #known = { upTo: 0, totals: new OrderTotals() };

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

  async count(selection: OrderSelection, snapshot: number, signal?: AbortSignal, peer?: Peer): Promise<number> {
    if (isEverything(selection)) return snapshot; // as there are no gaps
    const { sql, parameters } = conditionsOf(selection);
    const counting = this.#prepare(`select count(*) from order_line where sequence > ? and sequence <= ?${sql}`);
    let count = 0;
    for await (const [from, to] of this.#slices({ after: 0, snapshot, peer }, signal)) {
      count += Number(columnsOf(counting.get(from, to, ...parameters))[0]);
    }
    return count;
  }

  async totals(selection: OrderSelection, snapshot: number, signal?: AbortSignal, peer?: Peer): Promise<OrderTotals> {
    const totals = new OrderTotals();
    if (!isEverything(selection)) {
      await this.#addTotals(totals, selection, { after: 0, snapshot, peer }, signal);
      return totals;
    }
    const known = this.#known;
    const from = known.upTo <= snapshot ? known : { upTo: 0, totals };
    totals.addAll(from.totals);
    await this.#addTotals(totals, selection, { after: from.upTo, snapshot, peer }, signal);
    if (snapshot > this.#known.upTo) {
      const kept = new OrderTotals();
      kept.addAll(totals);
      this.#known = { upTo: snapshot, totals: kept };
    }
    return totals;
  }

  async *pages(
    selection: OrderSelection,
    { after, snapshot, pageSize, peer }: PageRange,
    signal?: AbortSignal,
  ): AsyncGenerator<OrderPage> {
    const { sql, parameters } = conditionsOf(selection);
    const page = this.#prepare(pageSql(sql));
    const slices = new ReadSlices();
    for (let position = after; position < snapshot; ) {
      await callScheduler.nextTurn(peer);
      signal?.throwIfAborted();
      // Without a filter each sequence is an order, and there is nothing to look for.
      const to = Math.min(snapshot, position + (sql === "" ? pageSize : slices.rows));
      const began = this.#now();
      const [count, last, bytes] = columnsOf(page.get(position, to, ...parameters, pageSize));
      slices.took(this.#now() - began);
      position = Number(count) < pageSize ? to : Number(last);
      if (Number(count) > 0) yield { bytes: bytes as Uint8Array, count: Number(count) };
    }
  }

  async #append(orders: readonly NewOrder[]): Promise<AppendOutcome[]> {
    const outcomes: AppendOutcome[] = [];
    const rows: OrderRow[] = [];
    const added = new Map<string, { readonly sequence: number; readonly content: Uint8Array }>();
    for (const [at, { order, content }] of orders.entries()) {
      if (at > 0 && at % lookupsBetweenTurns === 0) await callScheduler.nextTurn();
      const known = added.get(order.key) ?? this.#find(order.key);
      if (known !== undefined) {
        const duplicate = Buffer.compare(known.content, content) === 0;
        outcomes.push(duplicate ? { kind: "stored", sequence: known.sequence, duplicate } : { kind: "key-taken" });
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
    totals: OrderTotals,
    selection: OrderSelection,
    range: ReadRange,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { sql, parameters } = conditionsOf(selection);
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

  /** Ranges of sequences that take about a millisecond each to be read, each in a turn of its own. */
  async *#slices(
    { after, snapshot, peer }: ReadRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<[number, number]> {
    const slices = new ReadSlices();
    for (let position = after; position < snapshot; ) {
      await callScheduler.nextTurn(peer);
      signal?.throwIfAborted();
      const to = Math.min(snapshot, position + slices.rows);
      const began = this.#now();
      yield [position, to];
      slices.took(this.#now() - began);
      position = to;
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#reader.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}

type OrderRow = Insertable<OrderLineTable>;

/** A lookup takes some microseconds: after so many of them others have their turn. */
const lookupsBetweenTurns = 256;

/**
 * A page as one value: to hand over a row takes SQLite and Node longer than to read it. The casts change no byte; they
 * are there because SQLite concatenates text only. The inner query has the order, in which SQLite reads and so joins.
 */
function pageSql(conditions: string): string {
  return `
    select count(*), max(sequence), cast(group_concat(cast(body as text), '') as blob) from (
      select sequence, body from order_line where sequence > ? and sequence <= ?${conditions}
      order by sequence limit ?)`;
}

/** What a statement that returns arrays gives: the types speak of objects only. */
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
