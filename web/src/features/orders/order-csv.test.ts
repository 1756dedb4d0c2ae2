import { create } from "@bufbuild/protobuf";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { OrderSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { csvParts } from "./order-csv.ts";
import { OrderStore } from "./order-store.ts";

function csvOf(...orders: Parameters<typeof create<typeof OrderSchema>>[1][]): string {
  const store = new OrderStore();
  store.append(orders.map((order) => create(OrderSchema, order)));
  return [...csvParts(store, store.count)].join("");
}

test("each order is a line under a header", () => {
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
    "order_number,product_code,description,quantity,placed_at,unit_price,currency,customer_id,country\r\n" +
      "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01T08:26:00Z,2.55,GBP,17850,United Kingdom\r\n",
  );
});

test("a parser reads back what is awkward", () => {
  const descriptions = ['say "so"', "a,b", " blank ", "two\nlines", "two\r\nlines", "été", ""];
  const text = csvOf(
    ...descriptions.map((description) => ({ description, quantity: -1, unitPrice: { nanos: -1 }, placedAt: {} })),
  );
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  expect(rows.map(({ description }) => description)).toEqual(descriptions);
  expect(rows[0]).toMatchObject({ quantity: "-1", unit_price: "-0.000000001", customer_id: "" });
});

test("many rows come in several parts, of which none is large", () => {
  const store = new OrderStore();
  store.append(Array.from({ length: 5_000 }, () => create(OrderSchema, { placedAt: {} })));
  const parts = [...csvParts(store, store.count)];
  expect(parts).toHaveLength(4);
  expect(parts.join("").trimEnd().split("\r\n")).toHaveLength(5_001);
});
