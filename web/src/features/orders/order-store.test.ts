import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { OrderSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { bytesPerRow, maxRows, maxTextBytes, OrderStore } from "./order-store.ts";

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

test("what goes in comes out to the last digit, over many blocks", () => {
  const store = new OrderStore();
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

test("a customer without a name is not one who is not known", () => {
  const store = new OrderStore();
  store.append([create(OrderSchema, { customerId: "" }), create(OrderSchema)]);
  expect([store.row(0).customerId, store.row(1).customerId]).toEqual(["", undefined]);
});

test("a place behind the last row is an error", () => {
  const store = new OrderStore();
  store.append([orderOf(0)]);
  expect(() => store.row(1)).toThrow("there is no row 1: there are 1");
});

test("a row of texts that were there takes as many bytes as it says", () => {
  const store = new OrderStore();
  const block = Array.from({ length: 8_192 }, (_, index) => orderOf(index));
  store.append(block);
  const before = store.bytes;
  store.append(block);
  expect((store.bytes - before) / block.length).toBe(bytesPerRow);
});

test("it takes no more rows than it may", () => {
  const store = new OrderStore();
  const orders = Array.from({ length: 1_000 }, (_, index) => orderOf(index));
  for (let count = 0; count < maxRows - 400; count += store.append(orders.slice(0, maxRows - 400 - count)));
  expect(store.append(orders)).toBe(400);
  expect(store.isFull).toBe(true);
  expect(store.append(orders)).toBe(0);
});

test("texts that never repeat fill it before its rows do", () => {
  const store = new OrderStore();
  let index = 0;
  while (store.append([orderOf(index, `${index} `.padEnd(1_000_000, "x"))]) === 1) index++;
  expect(store.isFull).toBe(true);
  expect(index).toBeLessThan(100);
  expect(store.bytes).toBeGreaterThan(maxTextBytes);
  expect(store.bytes).toBeLessThan(maxTextBytes + 4_000_000);
});
