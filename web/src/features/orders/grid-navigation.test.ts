import { expect, test } from "vitest";
import { moveCell } from "./grid-navigation.ts";

const size = { rows: 200_000, columns: 9, page: 20 };
const from = { row: 100, column: 4 };

test.each([
  ["ArrowUp", false, { row: 99, column: 4 }],
  ["ArrowDown", false, { row: 101, column: 4 }],
  ["ArrowLeft", false, { row: 100, column: 3 }],
  ["ArrowRight", false, { row: 100, column: 5 }],
  ["PageUp", false, { row: 80, column: 4 }],
  ["PageDown", false, { row: 120, column: 4 }],
  ["Home", false, { row: 100, column: 0 }],
  ["End", false, { row: 100, column: 8 }],
  ["Home", true, { row: 0, column: 0 }],
  ["End", true, { row: 199_999, column: 8 }],
])("%s, with Control: %s", (key, control, to) => {
  expect(moveCell(from, key, control, size)).toEqual(to);
});

test("the focus stays in the grid at its edges", () => {
  const last = { row: 199_999, column: 8 };
  for (const key of ["ArrowDown", "ArrowRight", "PageDown", "End"]) {
    expect(moveCell(last, key, false, size)).toEqual(last);
  }
  const first = { row: 0, column: 0 };
  for (const key of ["ArrowUp", "ArrowLeft", "PageUp", "Home"]) {
    expect(moveCell(first, key, false, size)).toEqual(first);
  }
});

test("other keys are ignored", () => {
  expect(moveCell(from, "a", false, size)).toBeUndefined();
  expect(moveCell(from, "Tab", false, size)).toBeUndefined();
});
