import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonValueSplitter, maxValueLength } from "./json-value-splitter.ts";

function split(...pieces: string[]): string[] {
  const splitter = new JsonValueSplitter();
  return [...pieces.flatMap((piece) => [...splitter.push(piece)]), ...splitter.end()].map(({ text }) => text);
}

test("values are split at lines, at spaces and without any separator", () => {
  expect(split('{"a":1}\n{"b":2}\r\n')).toEqual(['{"a":1}', '{"b":2}']);
  expect(split('{"a":[1,{"b":2}]}{}[]"text"12 true\tnull')).toEqual([
    '{"a":[1,{"b":2}]}',
    "{}",
    "[]",
    '"text"',
    "12",
    "true",
    "null",
  ]);
  expect(split("\x1e{}\n\x1e{}\n")).toEqual(["{}", "{}"]);
  expect(split("", " \n ")).toEqual([]);
});

test("brackets and quotes in a string are part of the string", () => {
  expect(split('{"a":"}{\\"]["}{"b":"\\\\"}')).toEqual(['{"a":"}{\\"]["}', '{"b":"\\\\"}']);
});

test("an object is complete at its last character, before the next value or the end arrives", () => {
  const splitter = new JsonValueSplitter();
  expect([...splitter.push('{"a":')]).toEqual([]);
  expect([...splitter.push("1}")].map(({ text }) => text)).toEqual(['{"a":1}']);
});

test("each value has the line and the column of its first character", () => {
  const splitter = new JsonValueSplitter();
  const values = [...splitter.push('\n  {"a":\n1} {'), ...splitter.push('}\n"x"')];
  expect(values.map(({ line, column }) => [line, column])).toEqual([
    [2, 3],
    [3, 4],
    [4, 1],
  ]);
});

test("an incomplete value is an error that has the position of its start", () => {
  for (const text of ['{}\n {"a":', '{}\n "a', '{}\n ["\\']) {
    expect(() => split(text)).toThrow(expect.objectContaining({ name: "JsonSequenceError", line: 2, column: 2 }));
  }
});

test("a value of more than the maximum length is refused before it is complete", () => {
  const splitter = new JsonValueSplitter();
  const piece = "x".repeat(maxValueLength / 2);
  const push = (text: string) => [...splitter.push(text)];
  push('"');
  push(piece);
  expect(() => push(piece)).toThrow("longer than 67,108,864 characters");
});

test("any values arrive unchanged, however the text is cut", () => {
  const separators = fc.constantFrom("\n", " ", "\r\n");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.json(), separators)), fc.integer({ min: 1, max: 7 }), (items, size) => {
      const text = items.map(([json, separator]) => json + separator).join("");
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      expect(split(...pieces)).toEqual(items.map(([json]) => json));
    }),
  );
});
