import { describe, expect, it } from "vitest";
import { parseColumnMapping } from "./csv-column-mapping.ts";

const parse = (text: string) => parseColumnMapping(text, ["time", "bid"], "time=ts,bid=b");

describe("parseColumnMapping", () => {
  it("reads pairs of a field and a column", () => {
    expect(parse("time=ts")).toEqual({ time: "ts" });
    expect(parse(" time = Trade Time , bid=b=1")).toEqual({ time: "Trade Time", bid: "b=1" });
  });

  it.each(["", "time", "time=", "=ts", "when=ts", "time=a,time=b", "time=a,,bid=b"])("refuses %j", (text) => {
    expect(() => parse(text)).toThrow(/^expected FIELD=COLUMN pairs such as time=ts,bid=b \(.*; fields: time, bid\)$/);
  });
});
