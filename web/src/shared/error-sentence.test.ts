import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { errorSentence } from "./error-sentence.ts";

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
