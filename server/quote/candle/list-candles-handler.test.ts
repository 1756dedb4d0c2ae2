import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CandleInterval } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { ListCandlesRequestSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { NotFoundError } from "../../shared/api-resource-errors.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import type { CandleList } from "./candle-aggregator.ts";
import type { CandleQuery } from "./candle-store.ts";
import { listCandles } from "./list-candles-handler.ts";

const minute = CandleInterval.CANDLE_INTERVAL_1M;

function list(request: MessageInitShape<typeof ListCandlesRequestSchema>, found?: CandleList) {
  const queries: CandleQuery[] = [];
  const answer = listCandles(create(ListCandlesRequestSchema, { symbol: "A", interval: minute, ...request }), {
    market: { has: (symbol) => symbol === "A" },
    candles: {
      async list(query) {
        queries.push(query);
        return found ?? { candles: [], truncated: false };
      },
    },
  });
  return { answer, queries };
}

describe("listCandles", () => {
  it("returns candles as messages", async () => {
    const candle = { symbol: "A", span: 60, openTime: 60_000_000, open: 1, high: 4, low: 0.5, close: 2 } as const;
    const candles = [
      { ...candle, volume: 7n, quoteCount: 3, complete: true },
      { ...candle, volume: undefined, quoteCount: 1, complete: false },
    ];
    const { candles: listed, truncated } = await list({}, { candles, truncated: true }).answer;
    expect(listed).toMatchObject([
      { openTime: { seconds: 60n }, open: 1, high: 4, low: 0.5, close: 2, volume: 7n, quoteCount: 3n, complete: true },
      { openTime: { seconds: 60n }, quoteCount: 1n, complete: false },
    ]);
    expect(listed[1]).not.toHaveProperty("volume");
    expect(truncated).toBe(true);
  });

  it("selects all times and 500 candles by default", () => {
    const [start, end] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    expect(list({}).queries).toEqual([{ symbol: "A", span: 60, start, end, limit: 500 }]);
  });

  it.each([
    [CandleInterval.CANDLE_INTERVAL_1S, 1],
    [CandleInterval.CANDLE_INTERVAL_5M, 300],
    [CandleInterval.CANDLE_INTERVAL_1H, 3600],
  ])("supports interval %i", (interval, span) => expect(list({ interval }).queries[0]).toMatchObject({ span }));

  it("rounds bounds up to a microsecond, and clamps distant ones", () => {
    const range = { startTime: { seconds: 1n, nanos: 1 }, endTime: { seconds: 253_402_300_799n } };
    const micros = { start: 1_000_001, end: Number.MAX_SAFE_INTEGER };
    expect(list({ ...range, limit: 9 }).queries[0]).toMatchObject({ ...micros, limit: 9 });
  });

  it.each([
    ["an end before the start", { startTime: { seconds: 2n }, endTime: { seconds: 1n } }, "end_time"],
    ["an end at the start", { startTime: { seconds: 2n }, endTime: { seconds: 2n } }, "end_time"],
    ["an invalid start time", { startTime: { nanos: -1 } }, "start_time"],
    ["an invalid end time", { endTime: { seconds: 2n ** 62n } }, "end_time"],
    ["an unknown interval", { interval: 17 as CandleInterval }, "interval"],
  ])("refuses %s", async (_what, request, field) => {
    const { answer, queries } = list(request);
    await expect(answer).rejects.toThrow(InvalidFieldError);
    await expect(answer).rejects.toMatchObject({ field });
    expect(queries).toEqual([]);
  });

  it("returns NOT_FOUND for an unknown instrument", async () => {
    await expect(list({ symbol: "X" }).answer).rejects.toThrow(NotFoundError);
  });
});
