import { expect, test } from "vitest";
import { parseHeader } from "./parse-header.ts";

test("a header is split at its first colon, and its name is lower case", () => {
  expect(parseHeader("Authorization: Bearer a:b")).toEqual(["authorization", "Bearer a:b"]);
  expect(parseHeader("x-empty:")).toEqual(["x-empty", ""]);
  expect(parseHeader("trace-bin: /w==")).toEqual(["trace-bin", "/w=="]);
  expect(parseHeader("trace-bin: _w")).toEqual(["trace-bin", "_w"]);
});

test("a header that cannot be sent is refused with the reason", () => {
  expect(() => parseHeader("authorization")).toThrow("expected 'name: value'");
  expect(() => parseHeader("a b: c")).toThrow("a b is not a valid header name");
  expect(() => parseHeader(":path: /")).toThrow(":path is not a valid header name");
  expect(() => parseHeader("name: Zoë")).toThrow("not printable ASCII: use a -bin header with base64");
  expect(() => parseHeader("trace-bin: a b")).toThrow("the value of trace-bin must be base64");
  expect(() => parseHeader("trace-bin: AAAAA")).toThrow("the value of trace-bin must be base64");
  expect(() => parseHeader("grpc-timeout: 1S")).toThrow("grpc-timeout is set by --timeout");
  expect(() => parseHeader("Content-Type: a/b")).toThrow("content-type is set by --protocol");
  expect(() => parseHeader("host: a")).toThrow("host is set by HTTP");
});
