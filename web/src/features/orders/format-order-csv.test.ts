import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { orderOutputFormats } from "../../../../cli/orders/order-output-formats.ts";
import { OrderSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { formatOrderCsv } from "./format-order-csv.ts";
import { OrderRowStore } from "./order-row-store.ts";

function csvOf(...orders: Parameters<typeof create<typeof OrderSchema>>[1][]): string {
  const store = new OrderRowStore();
  store.append(orders.map((order) => create(OrderSchema, order)));
  return [...formatOrderCsv(store, store.count)].join("");
}

test("each order is a line after the header", () => {
  const text = csvOf({
    orderNumber: "536365",
    productCode: "85123A",
    description: "WHITE HANGING HEART T-LIGHT HOLDER",
    quantity: 6,
    unitPrice: { currencyCode: "GBP", units: 2n, nanos: 550_000_000 },
    customerId: "17850",
    country: "United Kingdom",
    placedAt: { seconds: 1_291_191_960n },
  });
  expect(text).toBe(
    "order_number,product_code,description,quantity,placed_at,unit_price,currency,customer_id,country\n" +
      "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01T08:26:00Z,2.55,GBP,17850,United Kingdom\n",
  );
});

test("the bytes are equal to the output of the script", () => {
  const text = fc.string({ unit: fc.constantFrom(..."aé ,;\"\n\r\t'=-", "\u2028", "\u{1F600}") });
  const order = fc.record({
    orderNumber: text,
    productCode: text,
    description: text,
    quantity: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    unitPrice: fc.record({
      currencyCode: text,
      units: fc.bigInt({ min: 0n, max: 10n ** 9n }),
      nanos: fc.nat(999_999_999),
    }),
    customerId: fc.option(text, { nil: undefined }),
    country: text,
    placedAt: fc.record({
      seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
      nanos: fc.nat(999_999_999),
    }),
  });
  fc.assert(
    fc.property(fc.array(order), (rows) => {
      const orders = rows.map(({ customerId, ...row }) =>
        create(OrderSchema, { ...row, ...(customerId !== undefined && { customerId }) }),
      );
      expect(csvOf(...orders)).toBe(orderOutputFormats.csv.header + orderOutputFormats.csv.format(orders));
    }),
  );
});

test("many rows are split into parts", () => {
  const store = new OrderRowStore();
  store.append(Array.from({ length: 5_000 }, () => create(OrderSchema, { placedAt: {} })));
  const parts = [...formatOrderCsv(store, store.count)];
  expect(parts).toHaveLength(4);
  expect(parts.join("").trimEnd().split("\n")).toHaveLength(5_001);
});
