import { expect, test } from "vitest";
import { escapeControls } from "./terminal-output.ts";

test.each([
  ["\x1b[2J", "\\u001b[2J"],
  ["\x9b31m", "\\u009b31m"],
  ["a\tb\r\nc\x00\x7f", "a\\u0009b\\u000d\\u000ac\\u0000\\u007f"],
  ["invoice\u202efdp.exe", "invoice\\u202efdp.exe"],
  ["line\u2028separator", "line\\u2028separator"],
])("%j is printed as %s", (text, escaped) => {
  expect(escapeControls(text)).toBe(escaped);
});

test("other text is printed unchanged", () => {
  const text = 'Café "à emporter" 7" 名 😀 \\u001b';
  expect(escapeControls(text)).toBe(text);
});

test("escaped JSON has the same value", () => {
  const name = "\x1b]0;title\x07 \x9b1m \u2028 Café";
  expect(JSON.parse(escapeControls(JSON.stringify({ name })))).toEqual({ name });
});
