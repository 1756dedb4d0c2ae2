import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Cancellations, type Order, OrderFilterSchema, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import { ExportOrdersResponseSchema } from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { type OrderCriteria, parseOrderFilter } from "../order-criteria.ts";
import type { OrderStore } from "../store/order-store.ts";
import { encodeNewOrder } from "../submit/encode-new-order.ts";
import { anyOrder, someOrder } from "./any-order.ts";

/** Tests the contract of OrderStore. `open` returns an empty store for each test. */
export function orderStoreContract(open: () => Promise<{ store: OrderStore } & AsyncDisposable>): void {
  describe("an order store", () => {
    test("assigns sequences from 1 without a gap, in the order of the calls", async () => {
      await using opened = await open();
      expect(opened.store.newest).toBe(0);
      const outcomes = await append(opened.store, orders(3));
      expect(outcomes.map((outcome) => outcome.kind === "stored" && outcome.sequence)).toEqual([1, 2, 3]);
      expect(await append(opened.store, [someOrder(3)])).toEqual([{ kind: "stored", sequence: 4, duplicate: false }]);
      expect(opened.store.newest).toBe(4);
    });

    test("returns any order byte for byte, with its sequence", async () => {
      await using opened = await open();
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(anyOrder, { selector: ({ key }) => key, minLength: 1 }), async (some) => {
          const before = opened.store.newest;
          await append(opened.store, some);
          const read = await readAll(opened.store, {}, before);
          const expected = some.map((order, n) => ({ ...order, sequence: BigInt(before + n + 1) }));
          expect(read.map(bytesOf)).toEqual(expected.map(bytesOf));
        }),
        { numRuns: 30 },
      );
    });

    test("stores a repeated order once, and returns its sequence again", async () => {
      await using opened = await open();
      await append(opened.store, orders(3));
      const again = { ...someOrder(1), sequence: 99n };
      expect(await append(opened.store, [again])).toEqual([{ kind: "stored", sequence: 2, duplicate: true }]);
      expect(opened.store.newest).toBe(3);
    });

    test("refuses another order with the same key, and keeps the first", async () => {
      await using opened = await open();
      await append(opened.store, orders(2));
      expect(await append(opened.store, [someOrder(1, { quantity: 77 }), someOrder(2)])).toEqual([
        { kind: "key-taken" },
        { kind: "stored", sequence: 3, duplicate: false },
      ]);
      expect((await readAll(opened.store)).map(({ quantity }) => quantity)).toEqual([1, 2, 3]);
    });

    test("finds duplicates within one call", async () => {
      await using opened = await open();
      const outcomes = await append(opened.store, [
        someOrder(0),
        someOrder(0),
        someOrder(0, { quantity: 9 }),
        someOrder(1),
      ]);
      expect(outcomes).toEqual([
        { kind: "stored", sequence: 1, duplicate: false },
        { kind: "stored", sequence: 1, duplicate: true },
        { kind: "key-taken" },
        { kind: "stored", sequence: 2, duplicate: false },
      ]);
    });

    test("does not interleave concurrent calls", async () => {
      await using opened = await open();
      const parts = Array.from({ length: 10 }, (_, part) =>
        orders(70).map((order) => ({ ...order, key: `${part} ${order.key}` })),
      );
      const outcomes = await Promise.all(parts.map((part) => append(opened.store, part)));
      for (const [part, each] of outcomes.entries()) {
        const sequences = each.map((outcome) => (outcome.kind === "stored" ? outcome.sequence : 0));
        expect(sequences).toEqual(Array.from({ length: 70 }, (_, n) => part * 70 + n + 1));
      }
      expect(await readAll(opened.store)).toHaveLength(700);
    });

    test("finds a key", async () => {
      await using opened = await open();
      await append(opened.store, [someOrder(0, { key: "a\u0000b" })]);
      expect(["a\u0000b", "a", "a\u0000c"].map((key) => opened.store.hasKey(key))).toEqual([true, false, false]);
    });

    test.each<[string, Parameters<typeof create<typeof OrderFilterSchema>>[1], (order: Order) => boolean]>([
      ["all", {}, () => true],
      ["a country", { country: "France" }, ({ country }) => country === "France"],
      ["a customer", { customerId: "17851" }, ({ customerId }) => customerId === "17851"],
      ["no customer", { customerId: "" }, ({ customerId }) => customerId === undefined],
      ["a product", { productCode: "71053" }, ({ productCode }) => productCode === "71053"],
      ["no cancellations", { cancellations: Cancellations.EXCLUDED }, ({ quantity }) => quantity > 0],
      ["only cancellations", { cancellations: Cancellations.ONLY }, ({ quantity }) => quantity < 0],
      ["from a time on", { placedFrom: timeOf(100) }, ({ sequence }) => sequence >= 101n],
      ["before a time", { placedBefore: timeOf(100) }, ({ sequence }) => sequence < 101n],
      ["a nanosecond later", { placedFrom: { ...timeOf(100), nanos: 101 } }, ({ sequence }) => sequence > 101n],
      [
        "all of it at once",
        { country: "EIRE", placedFrom: timeOf(20), placedBefore: timeOf(900), cancellations: Cancellations.EXCLUDED },
        ({ country, quantity, sequence }) => country === "EIRE" && quantity > 0 && sequence > 20n && sequence <= 900n,
      ],
      ["what there is none of", { country: "Atlantis" }, () => false],
    ])("selects %s", async (_what, filter, isMeant) => {
      await using opened = await open();
      await append(opened.store, orders(1_000));
      const criteria = parseOrderFilter(create(OrderFilterSchema, filter));
      const expected = (await readAll(opened.store)).filter(isMeant);
      expect(await readAll(opened.store, criteria)).toEqual(expected);
      expect(await opened.store.count(criteria, 1_000)).toBe(expected.length);
      const totals = await opened.store.totals(criteria, 1_000);
      expect(totals.count).toBe(expected.length);
      expect(totals.all().reduce((sum, { orderCount }) => sum + Number(orderCount), 0)).toBe(expected.length);
      for (const after of [0, 1, 499, 999, 1_000]) {
        expect(await readAll(opened.store, criteria, after)).toEqual(
          expected.filter((order) => order.sequence > after),
        );
      }
    });

    test("reads the snapshot while orders are appended", async () => {
      await using opened = await open();
      await append(opened.store, orders(600));
      const read: Order[] = [];
      let next = 600;
      for await (const { bytes } of opened.store.pages({}, { after: 0, snapshot: 600, pageSize: 100 })) {
        read.push(...fromBinary(ExportOrdersResponseSchema, bytes).orders);
        await append(opened.store, [someOrder(next++)]);
      }
      expect(next).toBe(606);
      expect(read.map(({ sequence }) => Number(sequence))).toEqual(Array.from({ length: 600 }, (_, n) => n + 1));
      expect(await opened.store.count({}, 600)).toBe(600);
    });

    test("sums the snapshot exactly, and later the newer orders", async () => {
      await using opened = await open();
      const huge = { currencyCode: "USD", units: 1_000_000_000n, nanos: 0 };
      const unitPrice = create(OrderSchema, { unitPrice: huge }).unitPrice;
      const many = Array.from({ length: 20_000 }, (_, n) =>
        someOrder(n, { quantity: 1_000_000, ...(unitPrice && { unitPrice }) }),
      );
      await append(opened.store, many);
      const sum = async (snapshot: number) => (await opened.store.totals({}, snapshot)).of("USD").amount?.value;
      expect(await sum(20_000)).toBe(`${20_000n * 10n ** 15n}`);
      await append(opened.store, [someOrder(20_000)]);
      expect(await sum(19_000)).toBe(`${19_000n * 10n ** 15n}`);
      expect(await sum(20_001)).toBe(`${20_000n * 10n ** 15n}`);
      expect((await opened.store.totals({}, 20_001)).count).toBe(20_001);
      expect((await opened.store.totals({ country: "France" }, 20_001)).of("USD").amount?.value).toBe(
        `${6_667n * 10n ** 15n}`,
      );
    });

    test("rejects with the reason of the signal, and yields to the event loop before", async () => {
      await using opened = await open();
      await append(opened.store, orders(3_000));
      const readers = [
        (signal: AbortSignal) => readAll(opened.store, {}, 0, signal),
        (signal: AbortSignal) => opened.store.count({ country: "France" }, 3_000, signal),
        (signal: AbortSignal) => opened.store.totals({ country: "France" }, 3_000, signal),
      ];
      for (const read of readers) {
        const controller = new AbortController();
        setImmediate(() => controller.abort(new Error("a turn came")));
        await expect(read(controller.signal)).rejects.toThrow("a turn came");
      }
    });
  });
}

function orders(count: number): Order[] {
  return Array.from({ length: count }, (_, n) => someOrder(n));
}

function append(store: OrderStore, some: readonly Order[]) {
  return store.append(some.map(encodeNewOrder));
}

function timeOf(n: number) {
  return someOrder(n).placedAt as NonNullable<Order["placedAt"]>;
}

async function readAll(
  store: OrderStore,
  criteria: OrderCriteria = {},
  after = 0,
  signal?: AbortSignal,
): Promise<Order[]> {
  const read: Order[] = [];
  for await (const { bytes, count } of store.pages(
    criteria,
    { after, snapshot: store.newest, pageSize: 100 },
    signal,
  )) {
    const page = fromBinary(ExportOrdersResponseSchema, bytes).orders;
    expect(page).toHaveLength(count);
    expect(count).toBeLessThanOrEqual(100);
    expect(count).toBeGreaterThan(0);
    read.push(...page);
  }
  return read;
}

function bytesOf(order: Order): string {
  return Buffer.from(toBinary(OrderSchema, order)).toString("hex");
}
