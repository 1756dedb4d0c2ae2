import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { type CandleTables, candleMigrations } from "./candle-tables.ts";
import { SqliteCandleStore } from "./sqlite-candle-store.ts";
import { candleStoreContract } from "./testing/candle-store.contract.ts";

candleStoreContract(async () => {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-candles-")));
  const database = resources.use(await openDatabase<CandleTables>(temporary.path, { migrations: [candleMigrations] }));
  return {
    store: new SqliteCandleStore(database.tables),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
});
