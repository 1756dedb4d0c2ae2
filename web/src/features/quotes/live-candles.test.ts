import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { QuoteSchema } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import {
  type ListCandlesResponse,
  ListCandlesResponseSchema,
} from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { intervals, LiveCandles, maxCandles } from "./live-candles.ts";

const minute = intervals[1];
const start = Date.UTC(2026, 0, 5, 14, 30);

function setUp() {
  const loads: {
    symbol: string;
    resolve: (response: ListCandlesResponse) => void;
    reject: (reason: unknown) => void;
  }[] = [];
  const series = new LiveCandles({
    load: ({ symbol }) => new Promise((resolve, reject) => loads.push({ symbol, resolve, reject })),
    schedule: (task) => task(),
  });
  const answer = async (...bars: [minutes: number, open: number, high: number, low: number, close: number][]) => {
    const candles = bars.map(([minutes, open, high, low, close]) => ({
      openTime: timestampFromMs(start + minutes * 60_000),
      open,
      high,
      low,
      close,
    }));
    loads.shift()?.resolve(create(ListCandlesResponseSchema, { candles }));
    await new Promise((resolve) => setImmediate(resolve));
  };
  const bars = () =>
    series.state().bars.map(({ time, open, high, low, close }) => [(time - start) / 60_000, open, high, low, close]);
  return { series, loads, answer, bars };
}

function quote(seconds: number, prices: { last?: number; bid?: number; ask?: number }, symbol = "ACME") {
  return create(QuoteSchema, { symbol, ...prices, sourceTime: timestampFromMs(start + seconds * 1000) });
}

test("quotes continue the candles of the server", async () => {
  const { series, answer, bars } = setUp();
  series.select("ACME", minute);
  expect(series.state().kind).toBe("loading");
  await answer([0, 10, 11, 9, 10.5], [1, 10.5, 10.6, 10.4, 10.5]);
  series.addQuotes([quote(90, { last: 12 }), quote(100, { last: 10 }), quote(125, { bid: 9, ask: 11 })]);
  expect(bars()).toEqual([
    [0, 10, 11, 9, 10.5],
    [1, 10.5, 12, 10, 10],
    [2, 10, 10, 10, 10],
  ]);
});

test("quotes that arrive during a load are added to the candles", async () => {
  const { series, answer, bars } = setUp();
  series.select("ACME", minute);
  series.addQuotes([quote(70, { last: 12 }), quote(70, { last: 99 }, "OTHER")]);
  await answer([1, 10, 11, 9, 11]);
  expect(bars()).toEqual([[1, 10, 12, 9, 12]]);
});

test("a quote for a candle before the newest is ignored", async () => {
  const { series, answer, bars } = setUp();
  series.select("ACME", minute);
  await answer([3, 10, 10, 10, 10]);
  series.addQuotes([quote(0, { last: 99 }), quote(200, {})]);
  expect(bars()).toEqual([[3, 10, 10, 10, 10]]);
});

test("a late response for another selection is ignored", async () => {
  const { series, loads, answer, bars } = setUp();
  series.select("ACME", minute);
  series.select("OTHER", minute);
  expect(loads.map(({ symbol }) => symbol)).toEqual(["ACME", "OTHER"]);
  await answer([0, 1, 1, 1, 1]);
  expect(series.state().kind).toBe("loading");
  await answer([0, 2, 2, 2, 2]);
  expect(bars()).toEqual([[0, 2, 2, 2, 2]]);
});

test("a failed load has a description, and the next one can succeed", async () => {
  const { series, loads, answer } = setUp();
  series.select("ACME", minute);
  loads.shift()?.reject(new ConnectError("busy", Code.ResourceExhausted));
  await new Promise((resolve) => setImmediate(resolve));
  expect(series.state()).toMatchObject({ kind: "failed", reason: "The server has reached a limit: busy." });
  series.reload();
  await answer([0, 2, 2, 2, 2]);
  expect(series.state()).toMatchObject({ kind: "loaded", loads: 1 });
});

test("the number of candles is limited", async () => {
  const { series, answer, bars } = setUp();
  series.select("ACME", minute);
  await answer();
  series.addQuotes(Array.from({ length: maxCandles + 10 }, (_, index) => quote(index * 60, { last: index })));
  expect(bars()).toHaveLength(maxCandles);
  expect(bars()[0]?.[0]).toBe(10);
});
