import type { Kysely, Selectable } from "kysely";
import type { MicroTime } from "../../../client/shared/micro-time.ts";
import { BulkWrite } from "../../storage/sqlite/bulk-write.ts";
import {
  type CandleChanges,
  type CandleQuery,
  type CandleSpan,
  type CandleStore,
  candleSpans,
  type OpenCandle,
  type PriceCandle,
} from "./candle-store.ts";
import type { CandleTable, CandleTables, OpenCandleTable } from "./candle-tables.ts";

// Kysely needs types that are assignable to a Record, which interfaces are not.
type CandleRow = { [Column in keyof CandleTable]: CandleTable[Column] };
type OpenCandleRow = { [Column in keyof OpenCandleTable]: OpenCandleTable[Column] };

/** Stores candles in the embedded database. */
export class SqliteCandleStore implements CandleStore {
  readonly #tables: Kysely<CandleTables>;
  readonly #queries: Kysely<CandleTables>;
  readonly #completeRows: BulkWrite<CandleRow>;
  readonly #openRows: BulkWrite<OpenCandleRow>;

  /** @param queries for reads at length, which wait for no transaction; default: `tables` */
  constructor(tables: Kysely<CandleTables>, queries = tables) {
    this.#tables = tables;
    this.#queries = queries;
    this.#completeRows = new BulkWrite((rows) =>
      tables
        .insertInto("candle")
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(["symbol", "span_seconds", "open_time"]).doUpdateSet(({ ref }) => ({
            open: ref("excluded.open"),
            high: ref("excluded.high"),
            low: ref("excluded.low"),
            close: ref("excluded.close"),
            volume: ref("excluded.volume"),
            quote_count: ref("excluded.quote_count"),
          })),
        )
        .compile(),
    );
    this.#openRows = new BulkWrite((rows) =>
      tables
        .insertInto("open_candle")
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(["symbol", "span_seconds"]).doUpdateSet(({ ref }) => ({
            open_time: ref("excluded.open_time"),
            open: ref("excluded.open"),
            high: ref("excluded.high"),
            low: ref("excluded.low"),
            close: ref("excluded.close"),
            volume: ref("excluded.volume"),
            quote_count: ref("excluded.quote_count"),
            newest_time: ref("excluded.newest_time"),
            session_volume: ref("excluded.session_volume"),
          })),
        )
        .compile(),
    );
  }

  async save({ complete, open }: CandleChanges): Promise<void> {
    if (complete.length + open.length === 0) return;
    await this.#tables.transaction().execute(async (transaction) => {
      await this.#completeRows.run(transaction, complete.map(toRow));
      await this.#openRows.run(transaction, open.map(toOpenRow));
    });
  }

  async openCandles(): Promise<OpenCandle[]> {
    const rows = await this.#tables.selectFrom("open_candle").selectAll().execute();
    return rows.map((row) => ({
      ...toCandle(row),
      newestTime: Number(row.newest_time),
      sessionVolume: row.session_volume ?? undefined,
    }));
  }

  async list({ symbol, span, start, end, limit }: CandleQuery): Promise<PriceCandle[]> {
    const rows = await this.#queries
      .selectFrom("candle")
      .selectAll()
      .where("symbol", "=", symbol)
      .where("span_seconds", "=", BigInt(span))
      .where("open_time", ">=", BigInt(start))
      .where("open_time", "<", BigInt(end))
      .orderBy("open_time", "desc")
      .limit(limit)
      .execute();
    return rows.map(toCandle).reverse();
  }

  async removeBefore(symbol: string, span: CandleSpan, time: MicroTime, max: number): Promise<number> {
    const { numDeletedRows } = await this.#tables
      .deleteFrom("candle")
      .where("symbol", "=", symbol)
      .where("span_seconds", "=", BigInt(span))
      .where("open_time", "in", (old) =>
        old
          .selectFrom("candle as old")
          .select("old.open_time")
          .where("old.symbol", "=", symbol)
          .where("old.span_seconds", "=", BigInt(span))
          .where("old.open_time", "<", BigInt(time))
          .orderBy("old.open_time")
          .limit(max),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}

function toRow(candle: PriceCandle): CandleRow {
  return {
    symbol: candle.symbol,
    span_seconds: BigInt(candle.span),
    open_time: BigInt(candle.openTime),
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume ?? null,
    quote_count: BigInt(candle.quoteCount),
  };
}

function toOpenRow(candle: OpenCandle): OpenCandleRow {
  return {
    ...toRow(candle),
    newest_time: BigInt(candle.newestTime),
    session_volume: candle.sessionVolume ?? null,
  };
}

function toCandle(row: Selectable<CandleTable>): PriceCandle {
  const span = candleSpans.find((each) => BigInt(each) === row.span_seconds);
  if (span === undefined) throw new Error(`the database has a candle of ${row.span_seconds} seconds`);
  return {
    symbol: row.symbol,
    span,
    openTime: Number(row.open_time),
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume ?? undefined,
    quoteCount: Number(row.quote_count),
  };
}
