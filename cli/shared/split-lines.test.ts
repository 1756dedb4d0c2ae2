import { expect, test } from "vitest";
import { maxLineChars, splitLines } from "./split-lines.ts";

async function* pieces(...texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

test.each([
  [
    ["a\nb\n", "c"],
    ["a", "b", "c"],
  ],
  [
    ["a", "b", "\nc\n"],
    ["ab", "c"],
  ],
  [
    ["a\r", "\nb\r\n\r\nc"],
    ["a", "b", "", "c"],
  ],
  [[], []],
])("the lines of %j are %j", async (texts, lines) => {
  expect(await Array.fromAsync(splitLines(pieces(...texts)))).toEqual(lines);
});

test("a line is yielded as soon as it is complete", async () => {
  const lines = splitLines(
    (async function* () {
      yield "a\nb";
      await new Promise(() => {});
    })(),
  );
  expect(await lines.next()).toEqual({ done: false, value: "a" });
});

test("a line above the limit is refused", async () => {
  const endless = pieces(..."xxx".split("").map((x) => x.repeat(maxLineChars / 2)));
  await expect(Array.fromAsync(splitLines(endless))).rejects.toThrow("more than the limit of 65536 characters");
});
