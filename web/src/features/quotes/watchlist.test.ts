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

test("the default set begins with ACME and is spread over the list", () => {
  const symbols = defaultSymbols([...numbered(190), "ACME"]);
  expect(symbols).toHaveLength(defaultCount);
  expect(symbols.slice(0, 4)).toEqual(["ACME", "S0", "S10", "S20"]);
});

test("a short list is taken whole", () => {
  expect(defaultSymbols(["A", "B"])).toEqual(["A", "B"]);
  expect(defaultSymbols([])).toEqual([]);
});

test("what the user chooses is remembered", () => {
  const watchlist = new Watchlist();
  watchlist.offer(["A", "B"]);
  expect(watchlist.add("C")).toBe("added");
  expect(watchlist.add("C")).toBe("present");
  watchlist.remove("A");
  expect(new Watchlist().symbols()).toEqual(["C", "B"]);
});

test("an emptied list stays empty, and a reset brings the default set back", () => {
  const watchlist = new Watchlist();
  watchlist.offer(["A"]);
  watchlist.remove("A");
  const again = new Watchlist();
  again.offer(["A"]);
  expect(again.symbols()).toEqual([]);
  again.reset();
  expect(again.symbols()).toEqual(["A"]);
});

test("the list has a limit", () => {
  stored.set("bourse.watchlist", JSON.stringify(numbered(maxSymbols)));
  expect(new Watchlist().add("ONE MORE")).toBe("full");
});

test("a browser that forbids memory does not stop the list", () => {
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

test("memory that makes no sense is as good as none", () => {
  expect(parseSymbols("{")).toBeUndefined();
  expect(parseSymbols('{"a":1}')).toBeUndefined();
  expect(parseSymbols('["A", 1, "", "A", "B"]')).toEqual(["A", "B"]);
});
