import { create, toBinary } from "@bufbuild/protobuf";
import { FieldMaskSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { WatchCommandSchema } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { GetQuoteRequestSchema, UpdateWatchRequestSchema } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import {
  ListUploadsRequestSchema,
  UploadChunkRequestSchema,
} from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { largestMessageBytes } from "./largest-message.ts";

test("a text has as many bytes as its rule allows, with its tag and its length", () => {
  const largest = create(GetQuoteRequestSchema, { symbol: "x".repeat(64) });
  expect(largestMessageBytes(GetQuoteRequestSchema)).toBe(toBinary(GetQuoteRequestSchema, largest).length);
});

test("numbers are as long as they can be", () => {
  const uploadId = "x".repeat(36);
  const negative = { writerGeneration: -1n, offset: -1n, crc32c: 1 };
  const largest = create(UploadChunkRequestSchema, { uploadId, ...negative, data: new Uint8Array(524_288) });
  expect(largestMessageBytes(UploadChunkRequestSchema)).toBe(toBinary(UploadChunkRequestSchema, largest).length);
});

test("of a oneof the largest field counts", () => {
  const symbols = Array.from({ length: 10_000 }, () => "x".repeat(64));
  const command = create(WatchCommandSchema, { id: -1n, command: { case: "setRate", value: { symbols, maxRate: 1 } } });
  // The mode of `pause` could be longer than the rate of `set_rate`: an enum is any number on the wire.
  expect(largestMessageBytes(WatchCommandSchema)).toBe(toBinary(WatchCommandSchema, command).length + 2);
  expect(largestMessageBytes(UpdateWatchRequestSchema)).toBeGreaterThan(660_000);
});

test("a list of enums counts each with the longest number", () => {
  expect(largestMessageBytes(ListUploadsRequestSchema)).toBe(6 * 11 + 38 + 11 + 66);
});

test("a type of another project has the bounds that are stated for it", () => {
  expect(largestMessageBytes(FieldMaskSchema)).toBe(1_000 * (1 + 2 + 256));
});

test("a type that contains itself has no largest message", () => {
  expect(largestMessageBytes(StructSchema)).toBe(Number.POSITIVE_INFINITY);
});
