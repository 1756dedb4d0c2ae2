import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import { ExportOrdersResponseSchema } from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { encodeNewOrder } from "../submit/encode-new-order.ts";
import { anyOrder } from "../testing/any-order.ts";
import { contentOf, readVarint, startOfOrder, toBody } from "./stored-order-encoding.ts";

const sequence = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc
    .maxSafeNat()
    .map((n) => n + 1)
    .filter(Number.isSafeInteger),
);

test("the bytes of any order are a response with that order, as protobuf encodes it", () => {
  fc.assert(
    fc.property(anyOrder, sequence, (order, sequence) => {
      const body = toBody(sequence, encodeNewOrder(order).content);
      const expected = create(ExportOrdersResponseSchema, { orders: [{ ...order, sequence: BigInt(sequence) }] });
      expect(Buffer.from(body)).toEqual(Buffer.from(toBinary(ExportOrdersResponseSchema, expected)));
      expect(fromBinary(ExportOrdersResponseSchema, body)).toEqual(expected);
    }),
  );
});

test("the sequence and the content can be read from the bytes", () => {
  fc.assert(
    fc.property(anyOrder, sequence, (order, sequence) => {
      const { content } = encodeNewOrder(order);
      const body = toBody(sequence, content);
      expect(Buffer.from(contentOf(body))).toEqual(Buffer.from(content));
      const start = startOfOrder(body, 0);
      expect(readVarint(body, start + 1)).toBe(sequence);
      expect(start + readVarint(body, 1)).toBe(body.length);
    }),
  );
});

test("unknown fields and the sequence of a submitted order are dropped", () => {
  const order = fc.sample(anyOrder, { numRuns: 1, seed: 1 })[0] ?? create(OrderSchema);
  const unknown = [{ no: 99, wireType: 0, data: new Uint8Array([1]) }];
  const changed = { ...order, sequence: 7n, $unknown: unknown };
  expect(Buffer.from(encodeNewOrder(changed).content)).toEqual(Buffer.from(encodeNewOrder(order).content));
});
