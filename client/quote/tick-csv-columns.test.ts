import { describe, expect, it } from "vitest";
import { isSymbol } from "./tick.ts";
import { TickCsvColumns } from "./tick-csv-columns.ts";

const second = 1_767_623_400_000_000; // 2026-01-05T14:30:00Z
const time = "2026-01-05T14:30:00Z";

describe("TickCsvColumns", () => {
  it("finds mapped columns, and the others by their known names", () => {
    const columns = new TickCsvColumns(["when", "b", "ask", "px", "n"], "X", {
      time: "when",
      bid: "b",
      source_seq: "n",
    });
    expect(columns.read([time, "1", "2", "3", "17"])).toEqual({
      symbol: "X",
      sourceTime: second,
      bid: 1,
      ask: 2,
      sourceSeq: 17n,
    });
  });

  it("uses a column for one field only: a mapped column is not found by its known name too", () => {
    const columns = new TickCsvColumns(["time", "price", "close"], "X", { bid: "price", ask: "close" });
    expect(columns.read([time, "1", "2"])).toEqual({ symbol: "X", sourceTime: second, bid: 1, ask: 2 });
    expect(columns.areBars).toBe(false);
  });

  it("recognizes bars by a close or a date, also if they are mapped", () => {
    expect(new TickCsvColumns(["time", "close"], "X").areBars).toBe(true);
    expect(new TickCsvColumns(["date", "last"], "X").areBars).toBe(true);
    expect(new TickCsvColumns(["time", "c"], "X", { close: "c" }).areBars).toBe(true);
    expect(new TickCsvColumns(["time", "last"], "X").areBars).toBe(false);
  });

  it("prefers the last price to a close", () => {
    expect(new TickCsvColumns(["time", "close", "last"], "X").read([time, "1", "2"]).last).toBe(2);
  });

  it("refuses a mapping to a missing column", () => {
    expect(() => new TickCsvColumns(["time", "bid"], "X", { ask: "offer" })).toThrow(
      "there is no column offer, mapped to the field ask (the header has time, bid)",
    );
  });
});

describe("isSymbol", () => {
  it.each([
    ["EUR/USD", true],
    ["x".repeat(64), true],
    ["", false],
    ["*", false],
    ["é".repeat(33), false],
  ])("of %j is %s", (text, expected) => expect(isSymbol(text)).toBe(expected));
});
