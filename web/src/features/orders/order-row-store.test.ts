import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { OrderSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { bytesPerRow, maxRows, maxTextBytes, OrderRowStore } from "./order-row-store.ts";

function orderOf(index: number, description = "") {
  return create(OrderSchema, {
    sequence: 2n ** 63n + BigInt(index),
    key: `k${index}`,
    orderNumber: `5363${index % 7}`,
    productCode: "85123A",
    description,
    quantity: index % 2 === 0 ? -1_000_000 : 1_000_000,
    unitPrice: { currencyCode: "GBP", units: -1_000_000_000n, nanos: -5_000_000 },
    customerId: index % 3 === 0 ? undefined : "17850",
    country: "United Kingdom",
    placedAt: { seconds: -62_135_596_800n, nanos: 999_999_999 },
  });
}

test("rows are returned exactly, over many blocks", () => {
  const store = new OrderRowStore();
  const orders = Array.from({ length: 20_000 }, (_, index) => orderOf(index));
  expect(store.append(orders)).toBe(20_000);
  for (const index of [0, 1, 8_191, 8_192, 19_999]) {
    const { key, $typeName, unitPrice, placedAt, ...rest } = orderOf(index);
    const { $typeName: _, ...price } = unitPrice ?? { $typeName: "" };
    const { $typeName: __, ...moment } = placedAt ?? { $typeName: "" };
    const { customerId, ...row } = store.row(index);
    expect({ ...row, ...(customerId === undefined ? {} : { customerId }) }).toEqual({
      ...rest,
      price,
      placedAt: moment,
    });
  }
});

test("an empty customer id is not an unknown customer", () => {
  const store = new OrderRowStore();
  store.append([create(OrderSchema, { customerId: "" }), create(OrderSchema)]);
  expect([store.row(0).customerId, store.row(1).customerId]).toEqual(["", undefined]);
});

test("an index after the last row is an error", () => {
  const store = new OrderRowStore();
  store.append([orderOf(0)]);
  expect(() => store.row(1)).toThrow("row 1 does not exist; there are 1");
});

test("a row without new texts takes bytesPerRow bytes", () => {
  const store = new OrderRowStore();
  const block = Array.from({ length: 8_192 }, (_, index) => orderOf(index));
  store.append(block);
  const before = store.bytes;
  store.append(block);
  expect((store.bytes - before) / block.length).toBe(bytesPerRow);
});

test("the number of rows is limited", () => {
  const store = new OrderRowStore();
  const orders = Array.from({ length: 1_000 }, (_, index) => orderOf(index));
  for (let count = 0; count < maxRows - 400; count += store.append(orders.slice(0, maxRows - 400 - count)));
  expect(store.append(orders)).toBe(400);
  expect(store.isFull).toBe(true);
  expect(store.append(orders)).toBe(0);
});

test("the bytes of distinct texts are limited", () => {
  const store = new OrderRowStore();
  let index = 0;
  while (store.append([orderOf(index, `${index} `.padEnd(1_000_000, "x"))]) === 1) index++;
  expect(store.isFull).toBe(true);
  expect(index).toBeLessThan(100);
  expect(store.bytes).toBeGreaterThan(maxTextBytes);
  expect(store.bytes).toBeLessThan(maxTextBytes + 4_000_000);
});
