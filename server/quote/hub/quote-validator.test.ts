import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { microsPerDay, toTimestamp } from "../../../client/shared/micro-time.ts";
import { type Quote, QuoteProblem, QuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { someMonday } from "../../shared/testing/manual-time.ts";
import { QuoteValidator } from "./quote-validator.ts";

type Init = MessageInitShape<typeof QuoteSchema>;

function quote(fields: Init = {}): Quote {
  return create(QuoteSchema, { symbol: "A", last: 1, sourceTime: toTimestamp(someMonday), ...fields });
}

function setUp(newest: Init = {}) {
  const market = new Map<string, Quote>([["A", create(QuoteSchema, newest)]]);
  const validator = new QuoteValidator({
    has: (symbol) => symbol === "A" || symbol === "B",
    newest: (symbol) => market.get(symbol),
    now: () => someMonday,
  });
  return { market, take: (fields: Init = {}) => validator.accept(quote(fields)) };
}

describe("QuoteValidator", () => {
  it("makes a tick of a valid quote, with its fields, but without its positions in another log", () => {
    const { take } = setUp();
    const full = { bid: 1, ask: 1, bidSize: 0n, askSize: 2n, last: 0, lastSize: 3n, volume: 4n };
    const session = { open: 5, high: 6, low: 7, previousClose: 8, sourceSeq: 9n };
    expect(take({ ...full, ...session, seq: 99n, instrumentSeq: 99n })).toEqual({
      symbol: "A",
      sourceTime: someMonday,
      ...full,
      ...session,
    });
    expect(take({ symbol: "B", last: undefined, ask: 2 })).toEqual({ symbol: "B", sourceTime: someMonday, ask: 2 });
  });

  it.each<[string, Init, QuoteProblem, string]>([
    ["an unknown instrument", { symbol: "X" }, QuoteProblem.UNKNOWN_INSTRUMENT, 'no instrument has the symbol "X"'],
    [
      "a time that is far ahead",
      { sourceTime: toTimestamp(someMonday + microsPerDay + 1) },
      QuoteProblem.AHEAD_OF_TIME,
      "more than a day ahead of",
    ],
    ["no price", { last: undefined, high: 3 }, QuoteProblem.NO_PRICE, "no bid, no ask and no last price"],
    ["a price that is not a number", { last: Number.NaN }, QuoteProblem.NOT_A_NUMBER, "its last is NaN"],
    ["an infinite price", { ask: Number.POSITIVE_INFINITY }, QuoteProblem.NOT_A_NUMBER, "its ask is Infinity"],
    [
      "an endless side price",
      { previousClose: Number.NEGATIVE_INFINITY },
      QuoteProblem.NOT_A_NUMBER,
      "its previous_close is -Infinity",
    ],
    ["a negative price", { bid: -0.5 }, QuoteProblem.NEGATIVE, "its bid is -0.5, below 0"],
    ["a negative size", { lastSize: -5n }, QuoteProblem.NEGATIVE, "its last_size is -5, below 0"],
    ["a bid above the ask", { bid: 2.5, ask: 2.25 }, QuoteProblem.CROSSED, "its bid 2.5 is above its ask 2.25"],
    ["no time", { sourceTime: undefined }, QuoteProblem.NO_TIME, "it has no source_time"],
    [
      "an invalid time",
      { sourceTime: { seconds: 1n, nanos: -1 } },
      QuoteProblem.NO_TIME,
      "its source_time, 1 s and -1 ns, must be in the years 1700 to 2255",
    ],
    [
      "a time that a number cannot represent exactly",
      { sourceTime: { seconds: 250_000_000_000n } },
      QuoteProblem.NO_TIME,
      "its source_time, 250000000000 s and 0 ns",
    ],
  ])("refuses %s", (_what, fields, problem, message) => {
    expect(setUp().take(fields)).toEqual({ problem, message: expect.stringContaining(message) });
  });

  it("accepts a locked market, a price of 0, and the same time again", () => {
    const { take } = setUp();
    for (const fields of [{ bid: 2, ask: 2 }, { last: 0 }, {}]) expect(take(fields)).not.toHaveProperty("problem");
  });

  it("refuses a time before the newest one of the instrument, regardless of the source", () => {
    const { take, market } = setUp({ sourceTime: toTimestamp(someMonday) });
    expect(take({ sourceTime: toTimestamp(someMonday - 1) })).toEqual({
      problem: QuoteProblem.BACK_IN_TIME,
      message: "its time 2026-01-05T14:29:59.999999Z is before 2026-01-05T14:30:00.000000Z, the newest of A",
    });
    expect(take({ sourceTime: toTimestamp(someMonday + 5) })).not.toHaveProperty("problem");
    expect(take({ sourceTime: toTimestamp(someMonday + 4) })).toHaveProperty("problem", QuoteProblem.BACK_IN_TIME);
    market.set("A", quote({ sourceTime: toTimestamp(someMonday + 9) }));
    expect(take({ sourceTime: toTimestamp(someMonday + 8) })).toHaveProperty("problem", QuoteProblem.BACK_IN_TIME);
    expect(take({ symbol: "B", sourceTime: toTimestamp(someMonday - 1) })).not.toHaveProperty("problem");
  });

  it("refuses a source_seq that is not new, also among quotes without one", () => {
    const { take, market } = setUp();
    expect(take({ sourceSeq: 7n })).not.toHaveProperty("problem");
    expect(take({ sourceSeq: 7n })).toEqual({
      problem: QuoteProblem.DUPLICATE,
      message: "its source_seq 7 is not above 7, the newest of A",
    });
    expect(take()).not.toHaveProperty("problem");
    expect(take({ sourceSeq: 6n })).toHaveProperty("problem", QuoteProblem.DUPLICATE);
    market.set("A", quote({ sourceSeq: 20n }));
    expect(take({ sourceSeq: 20n })).toHaveProperty("problem", QuoteProblem.DUPLICATE);
    expect(take({ sourceSeq: 21n })).not.toHaveProperty("problem");
  });

  it("does not remember rejected quotes", () => {
    const { take } = setUp();
    take({ bid: 2, ask: 1, sourceSeq: 50n, sourceTime: toTimestamp(someMonday + 50) });
    const good = take({ sourceSeq: 1n });
    expect(good).toMatchObject({ sourceTime: someMonday });
  });

  it("truncates a symbol in the message if it is too long", () => {
    const refusal = setUp().take({ symbol: "x".repeat(1_000_000) });
    expect(JSON.stringify(refusal).length).toBeLessThan(300);
  });
});
