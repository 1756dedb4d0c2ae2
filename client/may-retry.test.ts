import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { mayRetry } from "./may-retry.ts";

test("what the server refuses on principle is not retried", () => {
  expect(mayRetry(new ConnectError("x", Code.InvalidArgument))).toBe(false);
  expect(mayRetry(new ConnectError("x", Code.Unimplemented))).toBe(false);
  expect(mayRetry(new ConnectError("x", Code.NotFound))).toBe(false);
});

test("what may pass is retried", () => {
  expect(mayRetry(new ConnectError("x", Code.Unavailable))).toBe(true);
  expect(mayRetry(new ConnectError("x", Code.ResourceExhausted))).toBe(true);
  expect(mayRetry(new TypeError("Failed to fetch"))).toBe(true);
});
