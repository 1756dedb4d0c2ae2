import { create } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import { MoneySchema } from "../../../gen/google/type/money_pb.ts";
import { anyOrder, someOrder } from "../testing/any-order.ts";
import { findOrderViolations } from "./find-order-violations.ts";

const fieldsOf = (order: Order) => findOrderViolations(order).map(({ field }) => field);

test("a valid order breaks no rules", () => {
  fc.assert(fc.property(anyOrder, (order) => void expect(findOrderViolations(order)).toEqual([])));
});

test("an empty order breaks the rules of all required fields", () => {
  expect(findOrderViolations(create(OrderSchema))).toEqual([
    { field: "key", description: "must have 1 to 200 bytes, and is empty" },
    { field: "order_number", description: "must have 1 to 64 characters, and is empty" },
    { field: "product_code", description: "must have 1 to 64 characters, and is empty" },
    { field: "quantity", description: "is missing or 0" },
    { field: "unit_price", description: "is missing" },
    { field: "country", description: "must have 1 to 100 characters, and is empty" },
    { field: "placed_at", description: "is missing" },
  ]);
});

test.each<[string, Partial<{ units: bigint; nanos: number; currencyCode: string }>, boolean]>([
  ["nothing", { units: 0n }, true],
  ["less than nothing, as books have it that are corrected", { units: -11_062n, nanos: -60_000_000 }, true],
  ["the maximum", { units: 1_000_000_000n }, true],
  ["the minimum", { units: -1_000_000_000n }, true],
  ["a billionth", { nanos: 1 }, true],
  ["more than the maximum", { units: 1_000_000_000n, nanos: 1 }, false],
  ["less than the minimum", { units: -1_000_000_000n, nanos: -1 }, false],
  ["the largest int64", { units: 2n ** 63n - 1n }, false],
  ["a whole unit of nanos", { nanos: 1_000_000_000 }, false],
  ["nanos of the other sign", { units: 1n, nanos: -1 }, false],
  ["units of the other sign", { units: -1n, nanos: 1 }, false],
  ["a currency in lower case", { currencyCode: "gbp" }, false],
  ["a currency with a line break", { currencyCode: "GBP\n" }, false],
  ["no currency", { currencyCode: "" }, false],
])("a price of %s", (_what, price, isTaken) => {
  const order = someOrder(1, { unitPrice: create(MoneySchema, { currencyCode: "GBP", ...price }) });
  expect(fieldsOf(order)).toEqual(isTaken ? [] : ["unit_price"]);
});

test("lengths are in characters, and the length of the key is in bytes", () => {
  const smile = "🙂";
  expect(fieldsOf(someOrder(1, { description: smile.repeat(1_000), country: smile.repeat(100) }))).toEqual([]);
  expect(findOrderViolations(someOrder(1, { description: smile.repeat(1_001), key: smile.repeat(51) }))).toEqual([
    { field: "key", description: "must have 1 to 200 bytes, and has 204" },
    { field: "description", description: "must have 0 to 1,000 characters, and has 1,001" },
  ]);
});

test("the rules find the same invalid fields as those of the proto", () => {
  const validator = createValidator();
  const text = (around: number) =>
    fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.nat(3).map((n) => "ä".repeat(around - 1 + n)),
    );
  const price = fc.record({
    currencyCode: fc.constantFrom("GBP", "GBPP", "gbp", "GB", "", "GBP\n"),
    units: fc.constantFrom(0n, 1n, -1n, 1_000_000_000n, -1_000_000_000n, 1_000_000_001n, -(2n ** 63n)),
    nanos: fc.constantFrom(0, 1, -1, 999_999_999, -999_999_999, 1_000_000_000, -1_000_000_000, 2 ** 31 - 1),
  });
  const order = fc.record({
    key: fc.oneof(text(100), text(200)),
    orderNumber: text(64),
    productCode: text(64),
    description: text(1_000),
    quantity: fc.constantFrom(0, 1, -1, 1_000_000, -1_000_000, 1_000_001, -1_000_001, 2 ** 31 - 1),
    unitPrice: fc.option(price, { nil: undefined }),
    customerId: fc.option(text(64), { nil: undefined }),
    country: text(100),
    placedAt: fc.option(fc.constant({ seconds: 1n }), { nil: undefined }),
  });
  fc.assert(
    fc.property(order, ({ customerId, unitPrice, placedAt, ...fields }) => {
      const message = create(OrderSchema, {
        ...fields,
        ...(customerId !== undefined && { customerId }),
        ...(unitPrice !== undefined && { unitPrice }),
        ...(placedAt !== undefined && { placedAt }),
      });
      const { violations = [] } = validator.validate(OrderSchema, message);
      const wrong = new Set(violations.map(({ field }) => pathToString(field)));
      expect(new Set(fieldsOf(message))).toEqual(wrong);
    }),
    { numRuns: 300 },
  );
});
