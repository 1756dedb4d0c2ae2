import { type CreateTableBuilder, type Kysely, sql } from "kysely";
import type { Migrations } from "../../storage/sqlite/migration-runner.ts";

/** The tables of candles after the newest migration. Integers are read as bigints, so that none is rounded. */
export interface CandleTables {
  candle: CandleTable;
  open_candle: OpenCandleTable;
}

/** A row is a complete candle. Times are whole microseconds since 1970. */
export interface CandleTable {
  symbol: string;
  /** The span of the candle. */
  span_seconds: bigint;
  open_time: bigint;
  open: number;
  high: number;
  low: number;
  close: number;
  /** Null if the source has no volume. */
  volume: bigint | null;
  quote_count: bigint;
}

/** A row is the open candle of a symbol and a span. */
export interface OpenCandleTable extends CandleTable {
  /** The time of its newest quote. */
  newest_time: bigint;
  /** The volume of the session at its newest quote; null if the source has none. */
  session_volume: bigint | null;
}

/**
 * The migrations of candles. A released migration is never changed, renamed or removed: a database stores the names of
 * those that it has run.
 */
export const candleMigrations: Migrations = {
  "0002-create-candles": { up: createCandles },
};

/** Creates the tables of complete candles, and of the open candle of each instrument and span. */
async function createCandles(db: Kysely<unknown>): Promise<void> {
  await candleTable(db, "candle")
    .addPrimaryKeyConstraint("candle_key", ["symbol", "span_seconds", "open_time"])
    .modifyEnd(sql`strict, without rowid`)
    .execute();
  await candleTable(db, "open_candle")
    .addColumn("newest_time", "integer", (column) => column.notNull())
    .addColumn("session_volume", "integer")
    .addPrimaryKeyConstraint("open_candle_key", ["symbol", "span_seconds"])
    .modifyEnd(sql`strict, without rowid`)
    .execute();
}

function candleTable(db: Kysely<unknown>, name: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(name)
    .addColumn("symbol", "text", (column) => column.notNull())
    .addColumn("span_seconds", "integer", (column) => column.notNull())
    .addColumn("open_time", "integer", (column) => column.notNull())
    .addColumn("open", "real", (column) => column.notNull())
    .addColumn("high", "real", (column) => column.notNull())
    .addColumn("low", "real", (column) => column.notNull())
    .addColumn("close", "real", (column) => column.notNull())
    .addColumn("volume", "integer")
    .addColumn("quote_count", "integer", (column) => column.notNull());
}
