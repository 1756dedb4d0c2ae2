import { describe, expect, it } from "vitest";
import { parseColumnMapping } from "./column-mapping.ts";

describe("parseColumnMapping", () => {
  it("reads pairs of a field and a column", () => {
    expect(parseColumnMapping("time=ts")).toEqual({ time: "ts" });
    expect(parseColumnMapping(" time = Trade Time , bid=b=1")).toEqual({ time: "Trade Time", bid: "b=1" });
  });

  it.each(["", "time", "time=", "=ts", "when=ts", "time=a,time=b", "time=a,,bid=b"])("refuses %j", (text) => {
    expect(() => parseColumnMapping(text)).toThrow(/^FIELD=COLUMN pairs such as time=ts,bid=b, .* are needed$/);
  });
});
