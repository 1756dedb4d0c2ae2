import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defaultCount, defaultSymbols, maxSymbols, parseSymbols, Watchlist } from "./watchlist.ts";

const stored = new Map<string, string>();

beforeEach(() => {
  stored.clear();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, text: string) => void stored.set(key, text),
    removeItem: (key: string) => void stored.delete(key),
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `S${index}`);
}

test("the default list starts with ACME and is spread over all symbols", () => {
  const symbols = defaultSymbols([...numbered(190), "ACME"]);
  expect(symbols).toHaveLength(defaultCount);
  expect(symbols.slice(0, 4)).toEqual(["ACME", "S0", "S10", "S20"]);
});

test("the default list of few symbols has all of them", () => {
  expect(defaultSymbols(["A", "B"])).toEqual(["A", "B"]);
  expect(defaultSymbols([])).toEqual([]);
});

test("the list of the user is stored", () => {
  const watchlist = new Watchlist();
  watchlist.setAll(["A", "B"]);
  expect(watchlist.add("C")).toBe("added");
  expect(watchlist.add("C")).toBe("present");
  watchlist.remove("A");
  expect(new Watchlist().symbols()).toEqual(["C", "B"]);
});

test("an empty list stays empty until a reset", () => {
  const watchlist = new Watchlist();
  watchlist.setAll(["A"]);
  watchlist.remove("A");
  const again = new Watchlist();
  again.setAll(["A"]);
  expect(again.symbols()).toEqual([]);
  again.reset();
  expect(again.symbols()).toEqual(["A"]);
});

test("the number of symbols is limited", () => {
  stored.set("bourse.watchlist", JSON.stringify(numbered(maxSymbols)));
  expect(new Watchlist().add("ONE MORE")).toBe("full");
});

test("the list works without local storage", () => {
  vi.stubGlobal("localStorage", {
    getItem: () => {
      throw new Error("denied");
    },
    setItem: () => {
      throw new Error("denied");
    },
  });
  const watchlist = new Watchlist();
  watchlist.add("A");
  expect(watchlist.symbols()).toEqual(["A"]);
});

test("an invalid stored list is ignored", () => {
  expect(parseSymbols("{")).toBeUndefined();
  expect(parseSymbols('{"a":1}')).toBeUndefined();
  expect(parseSymbols('["A", 1, "", "A", "B"]')).toEqual(["A", "B"]);
});
