import { expect, test } from "vitest";
import { withoutNeedlessEscapes } from "./limit-grpc-status.ts";

test("printable ASCII is not escaped, except spaces and percent signs", () => {
  const message = `the text "a/b" is wrong: send {another}, 100 % ~ better?`;
  expect(withoutNeedlessEscapes(encodeURIComponent(message))).toBe(
    `the%20text%20"a/b"%20is%20wrong:%20send%20{another},%20100%20%25%20~%20better?`,
  );
});

test("control characters and non-ASCII characters stay escaped", () => {
  const message = "a\r\nb\u007f ä €";
  expect(withoutNeedlessEscapes(encodeURIComponent(message))).toBe(encodeURIComponent(message));
});

test("the decoded value is the message", () => {
  const ascii = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
  for (const message of [ascii, "%25", "%3A", "100%"]) {
    expect(decodeURIComponent(withoutNeedlessEscapes(encodeURIComponent(message)))).toBe(message);
  }
});
