import { expect, test } from "vitest";
import { ExportOrdersRequestSchema, SubmitOrdersRequestSchema } from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { CreateProductRequestSchema } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { PublishQuotesRequestSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { findAlteredValue } from "./find-altered-value.ts";

test.each([
  ["2023-02-29T00:00:00Z"],
  ["2023-02-30T00:00:00Z"],
  ["2100-02-29T00:00:00Z"],
  ["2023-04-31T12:00:00.5+02:00"],
  ["2023-12-31T24:00:00Z"],
  ["2023-01-01T24:00:00Z"],
])("the time %s does not exist", (time) => {
  const text = JSON.stringify({ filter: { placedFrom: time } });
  expect(findAlteredValue(ExportOrdersRequestSchema, text)).toBe(
    `field filter.placedFrom: the time ${time} does not exist; check the day and the hour`,
  );
});

test.each(["2024-02-29T00:00:00Z", "2000-02-29T23:59:59Z", "2023-01-31T00:00:00Z", "2023-04-30T00:00:00Z"])(
  "the time %s exists",
  (time) => {
    expect(
      findAlteredValue(ExportOrdersRequestSchema, JSON.stringify({ filter: { placed_from: time } })),
    ).toBeUndefined();
  },
);

test("a text that looks like a time is no time", () => {
  const text = JSON.stringify({ product: { name: "2023-02-29T00:00:00Z" } });
  expect(findAlteredValue(CreateProductRequestSchema, text)).toBeUndefined();
});

test.each(["9007199254740993", "-9007199254740993", "9223372036854775807", "123456789012345678901234567890"])(
  "the integer %s is not exact as a number",
  (source) => {
    expect(findAlteredValue(PublishQuotesRequestSchema, `{"quotes": [{}, {"sourceSeq": ${source}}]}`)).toBe(
      `field quotes[1].sourceSeq: ${source} is not exact as a JSON number; write it as a string, in quotes`,
    );
  },
);

test.each(["9007199254740992", "1000000000000000000", '"9223372036854775807"', "1234567890123456"])(
  "the integer %s is exact",
  (source) => {
    expect(findAlteredValue(PublishQuotesRequestSchema, `{"quotes": [{"source_seq": ${source}}]}`)).toBeUndefined();
  },
);

test("a double may have more digits than it holds", () => {
  const text = '{"quotes": [{"bid": 0.12345678901234567891, "ask": 12345678901234567891}]}';
  expect(findAlteredValue(PublishQuotesRequestSchema, text)).toBeUndefined();
});

test.each(["\\ud83d", "a \\ude00 b", "\\ud83d\\ud83d\\ude00"])("the text %s has half of a surrogate pair", (text) => {
  expect(findAlteredValue(SubmitOrdersRequestSchema, `{"order": {"description": "${text}"}}`)).toBe(
    "field order.description: the text has half of a surrogate pair; send both halves, or the character itself",
  );
});

test("a whole surrogate pair is a character", () => {
  const text = '{"order": {"description": "\\ud83d\\ude00"}}';
  expect(findAlteredValue(SubmitOrdersRequestSchema, text)).toBeUndefined();
});

test("invalid JSON and unknown fields are left to the decoder", () => {
  expect(findAlteredValue(ExportOrdersRequestSchema, '{"a": 12345678901234567')).toBeUndefined();
  expect(findAlteredValue(ExportOrdersRequestSchema, '{"a": 12345678901234567}')).toBeUndefined();
});
