import { expect, test } from "vitest";
import { mergeMigrations } from "./migration-runner.ts";

const migration = { up: async () => {} };

test("the migrations of all families are merged", () => {
  const merged = mergeMigrations([{ "0001-a": migration, "0003-c": migration }, { "0002-b": migration }]);
  expect(Object.keys(merged).toSorted()).toEqual(["0001-a", "0002-b", "0003-c"]);
});

test("two migrations with the same number are refused", () => {
  expect(() => mergeMigrations([{ "0001-a": migration }, { "0001-b": migration }])).toThrow(
    "0001-a and 0001-b have the same number: renumber the newer migration",
  );
});

test("a migration without a number is refused", () => {
  expect(() => mergeMigrations([{ "create-a": migration }])).toThrow(
    "the migration create-a has no number: name it as in 0001-create-items",
  );
});
