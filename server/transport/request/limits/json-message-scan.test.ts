import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  CreateProductRequestSchema,
  UpdateProductRequestSchema,
} from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { WatchQuotesRequestSchema } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadRequestSchema } from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { maxRequestFields } from "./field-bounds.ts";
import { createJsonMessageScan, maxIntegerCharacters } from "./json-message-scan.ts";

const maxDepth = 100;
const watchScan = createJsonMessageScan(WatchQuotesRequestSchema, maxDepth);
const symbols = (count: number) => `[${Array.from({ length: count }, () => '"A"').join()}]`;

test.each([
  ["in the message", `{"symbols":${symbols(10_001)}}`, "symbols"],
  [
    "in an element of a list",
    `{"commands":[{},{"subscribe":{"symbols":${symbols(10_001)}}}]}`,
    "commands[1].subscribe.symbols",
  ],
  [
    "by the name in the proto",
    `{"commands":[{"set_rate":{"symbols":${symbols(10_001)}}}]}`,
    "commands[0].set_rate.symbols",
  ],
])("a list that is longer than its rules allow is refused by its path: %s", (_what, json, field) => {
  expect(() => watchScan(Buffer.from(json))).toThrow(invalid(field));
});

test("the paths of a field mask are counted", () => {
  const scan = createJsonMessageScan(UpdateProductRequestSchema, maxDepth);
  const paths = Array.from({ length: 10_000 }, () => "name").join();
  expect(() => scan(Buffer.from(`{"updateMask":"${paths}"}`))).toThrow(invalid("update_mask.paths"));
});

test.each([
  [
    "in a message with lists",
    watchScan,
    (digits: string) => `{"resumeAfter":{"epoch":"${digits}"}}`,
    "resume_after.epoch",
  ],
  [
    "in a message without lists",
    createJsonMessageScan(UploadRequestSchema, maxDepth),
    (digits: string) => `{"chunk":{"offset":"${digits}"}}`,
    "chunk.offset",
  ],
])("a 64-bit integer of a million digits is refused before it is parsed: %s", (_what, scan, json, field) => {
  expect(() => scan(Buffer.from(json("9".repeat(1_000_000))))).toThrow(invalid(field));
  const blanks = " ".repeat(20_000);
  expect(() => scan(Buffer.from(blanks + json("1".padStart(maxIntegerCharacters, "0"))))).not.toThrow();
});

test("values are counted before they are parsed, unknown ones included", () => {
  const scan = createJsonMessageScan(CreateProductRequestSchema, maxDepth);
  expect(() => scan(Buffer.from(`{"unknown":[${"{},".repeat(maxRequestFields)}`))).toThrow("the limit is 100,000");
});

test("the characters of a string do not count", () => {
  const scan = createJsonMessageScan(CreateProductRequestSchema, maxDepth);
  for (const text of [",".repeat(200_000), '\\",'.repeat(200_000), "\\\\".repeat(100_000)]) {
    scan(Buffer.from(`{"product":{"description":"${text}"}}`));
  }
});

test.each([
  ["invalid JSON", "{".repeat(20_000)],
  ["an unterminated string", `"${"a".repeat(20_000)}`],
  ["a list instead of a message", "[".repeat(10_000) + "]".repeat(10_000)],
  ["nested messages", `${'{"commands":'.repeat(3_000)}{}${"}".repeat(3_000)}`],
])("%s is left to the decoder", (_what, json) => {
  watchScan(Buffer.from(json));
});

/** The error about a field: INVALID_ARGUMENT with a BadRequest. */
function invalid(field: string) {
  const details = [
    expect.objectContaining({
      value: expect.objectContaining({ fieldViolations: [expect.objectContaining({ field })] }),
    }),
  ];
  return expect.objectContaining({ code: Code.InvalidArgument, details });
}
