import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { StoreFullError } from "../../storage/storage-errors.ts";
import { encodeNewOrder } from "../submit/encode-new-order.ts";
import { someOrder } from "../testing/any-order.ts";
import { orderStoreContract } from "../testing/order-store.contract.ts";
import { type OrderTables, orderMigrations } from "./order-tables.ts";
import { SqliteOrderStore } from "./sqlite-order-store.ts";

const temporaryDirectory = () => mkdtempDisposable(join(tmpdir(), "bourse-orders-"));

orderStoreContract(async () => {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await temporaryDirectory());
  const database = resources.use(await openDatabase<OrderTables>(temporary.path, { migrations: [orderMigrations] }));
  return { store: new SqliteOrderStore(database), [Symbol.asyncDispose]: () => resources.disposeAsync() };
});

test("orders survive a restart of the database, and sequences continue", async () => {
  await using temporary = await temporaryDirectory();
  for (let n = 0; n < 3; n++) {
    await using database = await openDatabase<OrderTables>(temporary.path, { migrations: [orderMigrations] });
    const store = new SqliteOrderStore(database);
    expect(store.newest).toBe(n);
    const outcomes = await store.append([encodeNewOrder(someOrder(0)), encodeNewOrder(someOrder(n))]);
    expect(outcomes.at(-1)).toEqual({ kind: "stored", sequence: n + 1, duplicate: n === 0 });
  }
});

test("a full store appends none of the orders of a call, and their sequences are used by the next", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openDatabase<OrderTables>(temporary.path, {
    migrations: [orderMigrations],
    maxBytes: 400_000,
  });
  const store = new SqliteOrderStore(database);
  await store.append(Array.from({ length: 100 }, (_, n) => encodeNewOrder(someOrder(n))));
  const many = Array.from({ length: 3_000 }, (_, n) => encodeNewOrder(someOrder(1_000 + n)));
  await expect(store.append(many)).rejects.toThrow(StoreFullError);
  expect(store.newest).toBe(100);
  expect(await store.append([encodeNewOrder(someOrder(100))])).toEqual([
    { kind: "stored", sequence: 101, duplicate: false },
  ]);
  expect((await store.totals({}, 101)).count).toBe(101);
});

test("the fields that queries need have columns", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openDatabase<OrderTables>(temporary.path, { migrations: [orderMigrations] });
  await new SqliteOrderStore(database).append([encodeNewOrder(someOrder(4))]);
  const rows = await database.tables.selectFrom("order_line").selectAll().execute();
  expect(rows).toEqual([
    {
      sequence: 1n,
      key: "key 4",
      product_code: "85123A",
      customer_id: "17854",
      country: "France",
      quantity: -2n,
      price_currency: "GBP",
      price_units: 2n,
      price_nanos: 550_000_000n,
      placed_seconds: 1_291_192_200n,
      placed_nanos: 4n,
      body: expect.any(Uint8Array),
    },
  ]);
});
