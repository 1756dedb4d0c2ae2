import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { InstrumentSchema } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { findInstrument, maxSuggestions, suggestInstruments } from "./find-instrument.ts";

function instrumentsOf(names: Record<string, string>) {
  return new Map(Object.entries(names).map(([symbol, name]) => [symbol, create(InstrumentSchema, { symbol, name })]));
}

const instruments = instrumentsOf({ ACME: "Acme Corporation", ACT: "Active Foods", ZEN: "Acme Zen" });

test("symbols that begin with the text come before names that have it", () => {
  expect(suggestInstruments(instruments.values(), "ac").map(({ symbol }) => symbol)).toEqual(["ACME", "ACT", "ZEN"]);
  expect(suggestInstruments(instruments.values(), "  ")).toEqual([]);
});

test("suggestions are few", () => {
  const many = instrumentsOf(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`S${i}`, ""])));
  expect(suggestInstruments(many.values(), "s")).toHaveLength(maxSuggestions);
});

test("a symbol or a name in any case names an instrument", () => {
  expect(findInstrument(instruments, " acme ")?.symbol).toBe("ACME");
  expect(findInstrument(instruments, "active foods")?.symbol).toBe("ACT");
});

test("so does a part that only one has", () => {
  expect(findInstrument(instruments, "corp")?.symbol).toBe("ACME");
});

test("what could mean several means none", () => {
  expect(findInstrument(instruments, "ac")).toBeUndefined();
  expect(findInstrument(instruments, "nothing like it")).toBeUndefined();
});
