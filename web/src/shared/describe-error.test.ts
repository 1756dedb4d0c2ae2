import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { describeError } from "./describe-error.ts";

test("a lost connection has one description", () => {
  const fetchFailed = ConnectError.from(new TypeError("Failed to fetch"));
  const cutOff = ConnectError.from("missing EndStreamResponse");
  expect(describeError(fetchFailed)).toBe("The server cannot be reached.");
  expect(describeError(cutOff)).toBe("The server cannot be reached.");
});

test("the message of the server is kept", () => {
  const error = new ConnectError("shutting down, retry later", Code.Unavailable);
  expect(describeError(error)).toBe("The server is unavailable: shutting down, retry later.");
  expect(describeError(new ConnectError("", Code.Internal))).toBe("The request failed.");
});
