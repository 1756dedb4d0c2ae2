import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Order } from "../../../gen/bourse/order/v1/order_pb.ts";
import { ExportOrdersResponseSchema } from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { openDatabase } from "../../storage/sqlite/database.ts";
import type { OrderStore } from "../store/order-store.ts";
import { type OrderTables, orderMigrations } from "../store/order-tables.ts";
import { SqliteOrderStore } from "../store/sqlite-order-store.ts";
import { encodeNewOrder } from "../submit/encode-new-order.ts";
import { findOrderViolations } from "../submit/find-order-violations.ts";
import { OrderIntake } from "../submit/order-intake.ts";
import { someOrder } from "../testing/any-order.ts";
import { demoOrder, needsDemoOrders, storeDemoOrders } from "./demo-orders.ts";

const neverAborts = new AbortController().signal;

test("an empty order store receives the same demo orders on every server", async () => {
  await using opened = await openStore();
  const { store, intake } = opened;
  const progress: number[] = [];
  expect(needsDemoOrders({ store, count: 2_500 })).toBe(true);
  await storeDemoOrders({
    store,
    intake,
    count: 2_500,
    signal: neverAborts,
    onProgress: (stored) => progress.push(stored),
  });
  expect(progress).toEqual([2_500]);
  expect(await readAll(store)).toEqual(
    Array.from({ length: 2_500 }, (_, n) => ({ ...demoOrder(n), sequence: BigInt(n + 1) })),
  );
  expect(needsDemoOrders({ store, count: 2_500 })).toBe(false);
});

test("an interrupted run resumes any number of times without duplicates", async () => {
  await using opened = await openStore();
  const { store, intake } = opened;
  for (let times = 0; times < 3; times++) {
    const interrupt = new AbortController();
    const before = store.newest;
    const making = storeDemoOrders({ store, intake, count: 5_000, signal: interrupt.signal });
    while (store.newest === before) await new Promise((resolve) => setImmediate(resolve));
    interrupt.abort();
    await making;
    expect(store.newest).toBeLessThan(5_000);
    expect(needsDemoOrders({ store, count: 5_000 })).toBe(true);
  }
  await storeDemoOrders({ store, intake, count: 5_000, signal: neverAborts });
  expect((await readAll(store)).map(({ key }) => key)).toEqual(
    Array.from({ length: 5_000 }, (_, n) => demoOrder(n).key),
  );
});

test("orders of clients are stored in between, and do not restart the demonstration", async () => {
  await using opened = await openStore();
  const { store, intake } = opened;
  const interrupt = new AbortController();
  const making = storeDemoOrders({ store, intake, count: 3_000, signal: interrupt.signal });
  await store.append([encodeNewOrder(someOrder(1))]);
  interrupt.abort();
  await making;
  await storeDemoOrders({ store, intake, count: 3_000, signal: neverAborts });
  expect(store.newest).toBe(3_001);
});

test("an order store with orders of clients receives no demo orders", async () => {
  await using opened = await openStore();
  const { store } = opened;
  expect(needsDemoOrders({ store, count: 0 })).toBe(false);
  await store.append([encodeNewOrder(someOrder(1))]);
  expect(needsDemoOrders({ store, count: 1_000 })).toBe(false);
});

test("the demonstration has unknown customers, cancellations and several currencies", () => {
  const orders = Array.from({ length: 20_000 }, (_, n) => demoOrder(n));
  for (const order of orders) expect(findOrderViolations(order)).toEqual([]);
  const share = (has: (order: Order) => boolean) => orders.filter(has).length / orders.length;
  expect(share(({ quantity }) => quantity < 0)).toBeGreaterThan(0.01);
  expect(share(({ quantity }) => quantity < 0)).toBeLessThan(0.03);
  expect(share(({ customerId }) => customerId === undefined)).toBeGreaterThan(0.05);
  const currencies = new Set(orders.map(({ unitPrice }) => unitPrice?.currencyCode));
  expect(currencies.size).toBeGreaterThanOrEqual(5);
  expect(new Set(orders.map(({ productCode }) => productCode)).size).toBe(25);
  const times = orders.map(({ placedAt }) => Number(placedAt?.seconds));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
});

async function openStore() {
  const resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-demo-")));
  const store = new SqliteOrderStore(
    resources.use(await openDatabase<OrderTables>(path, { migrations: [orderMigrations] })),
  );
  return { store, intake: new OrderIntake(store), [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function readAll(store: OrderStore): Promise<Order[]> {
  const read: Order[] = [];
  for await (const { bytes } of store.pages({}, { after: 0, snapshot: store.newest, pageSize: 500 })) {
    read.push(...fromBinary(ExportOrdersResponseSchema, bytes).orders);
  }
  return read;
}
