import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { errorSentence, mayRetry } from "./error-sentence.ts";

test("what the browser says of a lost connection becomes plain words", () => {
  const fetchFailed = ConnectError.from(new TypeError("Failed to fetch"));
  const cutOff = ConnectError.from("missing EndStreamResponse");
  expect(errorSentence(fetchFailed)).toBe("The server cannot be reached.");
  expect(errorSentence(cutOff)).toBe("The server cannot be reached.");
});

test("the server's own sentence is kept", () => {
  const error = new ConnectError("shutting down, come back", Code.Unavailable);
  expect(errorSentence(error)).toBe("The server is not available: shutting down, come back.");
  expect(errorSentence(new ConnectError("", Code.Internal))).toBe("The call failed.");
});

test("only what the server refuses on principle is not retried", () => {
  expect(mayRetry(new ConnectError("x", Code.Unavailable))).toBe(true);
  expect(mayRetry(new ConnectError("x", Code.ResourceExhausted))).toBe(true);
  expect(mayRetry(new TypeError("Failed to fetch"))).toBe(true);
  expect(mayRetry(new ConnectError("x", Code.InvalidArgument))).toBe(false);
  expect(mayRetry(new ConnectError("x", Code.Unimplemented))).toBe(false);
});
