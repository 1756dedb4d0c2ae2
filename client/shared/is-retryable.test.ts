import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { isRetryable } from "./is-retryable.ts";

test("what the server refuses on principle is not retried", () => {
  expect(isRetryable(new ConnectError("x", Code.InvalidArgument))).toBe(false);
  expect(isRetryable(new ConnectError("x", Code.Unimplemented))).toBe(false);
  expect(isRetryable(new ConnectError("x", Code.NotFound))).toBe(false);
});

test("what may pass is retried", () => {
  expect(isRetryable(new ConnectError("x", Code.Unavailable))).toBe(true);
  expect(isRetryable(new ConnectError("x", Code.ResourceExhausted))).toBe(true);
  expect(isRetryable(new TypeError("Failed to fetch"))).toBe(true);
});
