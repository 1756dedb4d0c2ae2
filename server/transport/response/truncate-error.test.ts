import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { sizeOfEntry } from "../rpc/metadata-rules.ts";
import { limitGrpcStatus } from "./limit-grpc-status.ts";
import {
  limitQuotedHeaders,
  maxErrorDetailBytes,
  maxErrorMessageBytes,
  truncateError,
  truncateText,
} from "./truncate-error.ts";

const violation = (field: string) => ({
  desc: BadRequestSchema,
  value: create(BadRequestSchema, { fieldViolations: [{ field }] }),
});

test("an error within the limits stays the same", () => {
  const error = new ConnectError("short", Code.InvalidArgument, undefined, [violation("symbols")]);
  expect(truncateError(error)).toBe(error);
});

test("a long message is truncated, and the rest of the error is kept", () => {
  const cause = new Error("why");
  const error = new ConnectError("x".repeat(5_000), Code.NotFound, { "retry-after": "1" }, [violation("a")], cause);
  const limited = truncateError(error);
  expect(limited).toMatchObject({ code: Code.NotFound, cause, details: error.details });
  expect(limited.metadata.get("retry-after")).toBe("1");
  expect(limited.rawMessage).toBe(`${"x".repeat(maxErrorMessageBytes - 3)}…`);
});

test("lone surrogates in a message are replaced, because gRPC sends messages in UTF-8", () => {
  const { rawMessage } = truncateError(new ConnectError('expected number, got "\ud800"', Code.InvalidArgument));
  expect(rawMessage).toBe('expected number, got "\ufffd"');
  const truncated = truncateError(
    new ConnectError(`\udc00${"\u{1f600}".repeat(1_000)}`, Code.InvalidArgument),
  ).rawMessage;
  expect(truncated.isWellFormed()).toBe(true);
});

test("details that do not fit are left out, the others are kept", () => {
  const details = [violation("a"), violation("b".repeat(5_000)), violation("c")];
  const { details: left } = truncateError(new ConnectError("m", Code.InvalidArgument, undefined, details));
  expect(left).toEqual([details[0]]);
  const bytes = left.reduce(
    (sum, detail) => sum + ("desc" in detail ? toBinary(detail.desc, create(detail.desc, detail.value)).length : 0),
    0,
  );
  expect(bytes).toBeLessThanOrEqual(maxErrorDetailBytes);
});

test("a text is truncated between characters, to the number of bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), fc.integer({ min: 3, max: 60 }), (text, max) => {
      const truncated = truncateText(text, max);
      expect(Buffer.byteLength(truncated)).toBeLessThanOrEqual(max);
      if (Buffer.byteLength(text) <= max) expect(truncated).toBe(text);
      else expect(text.startsWith(truncated.slice(0, -1)) && truncated.endsWith("…")).toBe(true);
    }),
  );
});

test.each([200, 400, 1_000])("the status of a call fits a client that accepts %i bytes of trailers", (max) => {
  const trailers = {
    "grpc-status": "3",
    "grpc-message": encodeURIComponent("ä€😀".repeat(60)),
    "grpc-status-details-bin": "A".repeat(600),
  };
  limitGrpcStatus(trailers, max);
  const size = Object.entries(trailers).reduce((sum, [key, value]) => sum + sizeOfEntry(key, value), 0);
  expect(size).toBeLessThanOrEqual(max);
  expect(trailers["grpc-message"]).toMatch(/^(%[0-9A-F]{2})*$/);
});

test("headers that an error quotes are truncated and stay invalid, and others are kept", () => {
  const header = new Headers({
    "grpc-timeout": "1".repeat(10_000),
    "content-encoding": "gzip",
    other: "x".repeat(5_000),
  });
  const limited = limitQuotedHeaders(header);
  expect(limited.get("grpc-timeout")).toBe("1".repeat(65));
  expect([limited.get("content-encoding"), limited.get("other")]).toEqual(["gzip", "x".repeat(5_000)]);
});
