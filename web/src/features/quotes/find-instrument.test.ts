import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { InstrumentSchema } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { findInstrument, maxSuggestions, suggestInstruments } from "./find-instrument.ts";

function instrumentsOf(names: Record<string, string>) {
  return new Map(Object.entries(names).map(([symbol, name]) => [symbol, create(InstrumentSchema, { symbol, name })]));
}

const instruments = instrumentsOf({ ACME: "Acme Corporation", ACT: "Active Foods", ZEN: "Acme Zen" });

test("matches by symbol are before matches by name", () => {
  expect(suggestInstruments(instruments.values(), "ac").map(({ symbol }) => symbol)).toEqual(["ACME", "ACT", "ZEN"]);
  expect(suggestInstruments(instruments.values(), "  ")).toEqual([]);
});

test("the number of suggestions is limited", () => {
  const many = instrumentsOf(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`S${i}`, ""])));
  expect(suggestInstruments(many.values(), "s")).toHaveLength(maxSuggestions);
});

test("an instrument is found by symbol or name, without regard to case", () => {
  expect(findInstrument(instruments, " acme ")?.symbol).toBe("ACME");
  expect(findInstrument(instruments, "active foods")?.symbol).toBe("ACT");
});

test("an instrument is found by a part that only it has", () => {
  expect(findInstrument(instruments, "corp")?.symbol).toBe("ACME");
});

test("an ambiguous text finds nothing", () => {
  expect(findInstrument(instruments, "ac")).toBeUndefined();
  expect(findInstrument(instruments, "nothing like it")).toBeUndefined();
});
