import { create, toBinary } from "@bufbuild/protobuf";
import { FieldMaskSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { WatchCommandSchema } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { GetQuoteRequestSchema, UpdateWatchRequestSchema } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import {
  ListUploadsRequestSchema,
  UploadChunkRequestSchema,
} from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { largestMessageBytes } from "./largest-message-size.ts";

test("a text has the bytes that its rule allows, a tag and a length", () => {
  const largest = create(GetQuoteRequestSchema, { symbol: "x".repeat(64) });
  expect(largestMessageBytes(GetQuoteRequestSchema)).toBe(toBinary(GetQuoteRequestSchema, largest).length);
});

test("numbers have their greatest length", () => {
  const uploadId = "x".repeat(36);
  const negative = { writerGeneration: -1n, offset: -1n, crc32c: 1 };
  const largest = create(UploadChunkRequestSchema, { uploadId, ...negative, data: new Uint8Array(524_288) });
  expect(largestMessageBytes(UploadChunkRequestSchema)).toBe(toBinary(UploadChunkRequestSchema, largest).length);
});

test("a oneof has its largest field", () => {
  const symbols = Array.from({ length: 10_000 }, () => "x".repeat(64));
  const command = create(WatchCommandSchema, { id: -1n, command: { case: "setRate", value: { symbols, maxRate: 1 } } });
  // The mode of `pause` could be longer than the rate of `set_rate`: an enum is any number on the wire.
  expect(largestMessageBytes(WatchCommandSchema)).toBe(toBinary(WatchCommandSchema, command).length + 2);
  expect(largestMessageBytes(UpdateWatchRequestSchema)).toBeGreaterThan(660_000);
});

test("the elements of a list of enums have the greatest length", () => {
  expect(largestMessageBytes(ListUploadsRequestSchema)).toBe(6 * 11 + 38 + 11 + 66);
});

test("a type of another project has predefined bounds", () => {
  expect(largestMessageBytes(FieldMaskSchema)).toBe(1_000 * (1 + 2 + 256));
});

test("a recursive type has no largest message", () => {
  expect(largestMessageBytes(StructSchema)).toBe(Number.POSITIVE_INFINITY);
});
