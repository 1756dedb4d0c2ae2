import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import { MoneySchema } from "../../../gen/google/type/money_pb.ts";

const text = (minLength: number, maxLength: number) => fc.string({ minLength, maxLength, unit: "grapheme" });

const money = fc
  .record({
    currencyCode: fc.constantFrom("GBP", "EUR", "USD", "XXX"),
    units: fc.bigInt(0n, 999_999_999n),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
    isNegative: fc.boolean(),
  })
  .map(({ currencyCode, units, nanos, isNegative }) =>
    create(
      MoneySchema,
      isNegative ? { currencyCode, units: -units, nanos: 0 - nanos } : { currencyCode, units, nanos },
    ),
  );

const placedAt = fc
  .record({
    seconds: fc.bigInt(-62_135_596_800n, 253_402_300_799n),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  })
  .map((init) => create(TimestampSchema, init));

/** Generates valid orders without a sequence. */
export const anyOrder: fc.Arbitrary<Order> = fc
  .record({
    key: fc.uuid(),
    orderNumber: text(1, 10),
    productCode: text(1, 10),
    description: text(0, 40),
    quantity: fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: -1_000_000, max: -1 })),
    unitPrice: money,
    customerId: fc.option(text(1, 10), { nil: undefined }),
    country: text(1, 10),
    placedAt,
  })
  .map(({ customerId, ...fields }) =>
    create(OrderSchema, { ...fields, ...(customerId !== undefined && { customerId }) }),
  );

/** Creates a valid order that depends on `n`. */
export function someOrder(n: number, fields: Partial<Order> = {}): Order {
  const order = create(OrderSchema, {
    key: `key ${n}`,
    orderNumber: `${536_365 + Math.floor(n / 3)}`,
    productCode: ["85123A", "71053", "84406B", "POST"][n % 4] ?? "",
    description: " WHITE HANGING HEART T-LIGHT HOLDER ",
    quantity: n % 5 === 4 ? -2 : n + 1,
    unitPrice: { currencyCode: n % 7 === 6 ? "EUR" : "GBP", units: 2n, nanos: 550_000_000 },
    country: ["United Kingdom", "France", "EIRE"][n % 3] ?? "",
    placedAt: { seconds: 1_291_191_960n + BigInt(n) * 60n, nanos: n },
    ...(n % 4 !== 3 && { customerId: `${17_850 + (n % 6)}` }),
  });
  return Object.assign(order, fields);
}
