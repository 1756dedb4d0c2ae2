import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CandleQuery, CandleStore, OpenCandle, PriceCandle } from "../candle-store.ts";
import { candleSpans } from "../candle-store.ts";

const minute = 60_000_000;

/** Tests the contract of CandleStore. `open` returns an empty store for each test. */
export function candleStoreContract(open: () => Promise<{ store: CandleStore } & AsyncDisposable>): void {
  describe("a candle store", () => {
    test("returns any candle exactly", async () => {
      await using opened = await open();
      let number = 0;
      await fc.assert(
        fc.asyncProperty(anyCandle, anyOpenParts, async (any, parts) => {
          const complete = { ...any, symbol: `${any.symbol}${number++}` };
          const openCandle = { ...complete, ...parts };
          await opened.store.save({ complete: [complete], open: [openCandle] });
          const { symbol, span, openTime } = complete;
          const query = { symbol, span, start: openTime, end: openTime + 1, limit: 9 };
          expect(await opened.store.list(query)).toEqual([complete]);
          expect((await opened.store.openCandles()).filter((each) => each.symbol === symbol)).toEqual([openCandle]);
        }),
        { numRuns: 50 },
      );
    });

    test("lists the newest of a range, the oldest first, of one symbol and one span", async () => {
      await using opened = await open();
      const candles = Array.from({ length: 20 }, (_, n) => candle(n));
      const others = [candle(5, { symbol: "B" }), candle(5, { span: 300 })];
      await opened.store.save({ complete: [...candles.toReversed(), ...others], open: [] });
      expect(await opened.store.list(query())).toEqual(candles);
      expect(await opened.store.list(query({ limit: 3 }))).toEqual(candles.slice(-3));
      expect(await opened.store.list(query({ start: 5 * minute, end: 8 * minute }))).toEqual(candles.slice(5, 8));
      expect(await opened.store.list(query({ start: 5 * minute, end: 8 * minute, limit: 2 }))).toEqual(
        candles.slice(6, 8),
      );
      expect(await opened.store.list(query({ symbol: "C" }))).toEqual([]);
    });

    test("stores many candles in one call, and replaces stored ones", async () => {
      await using opened = await open();
      const candles = Array.from({ length: 1111 }, (_, n) => candle(n));
      await opened.store.save({ complete: candles, open: candles.slice(0, 1).map(toOpen) });
      const changed = candles.map((each) => ({ ...each, close: 99, volume: undefined }));
      await opened.store.save({ complete: changed, open: candles.slice(7, 8).map(toOpen) });
      expect(await opened.store.list(query({ limit: 5000 }))).toEqual(changed);
      expect(await opened.store.openCandles()).toEqual(candles.slice(7, 8).map(toOpen));
    });

    test("has an open candle for each symbol and span", async () => {
      await using opened = await open();
      const openCandles = ["A", "B"].flatMap((symbol) =>
        candleSpans.map((span) => toOpen(candle(1, { symbol, span }))),
      );
      await opened.store.save({ complete: [], open: openCandles });
      const byKey = (a: OpenCandle, b: OpenCandle) => a.symbol.localeCompare(b.symbol) || a.span - b.span;
      expect((await opened.store.openCandles()).sort(byKey)).toEqual(openCandles);
      expect(await opened.store.list(query())).toEqual([]);
    });

    test("stores all candles or none", async () => {
      await using opened = await open();
      const impossible = { ...candle(2), openTime: Number.NaN };
      const saving = opened.store.save({ complete: [candle(1), impossible], open: [toOpen(candle(3))] });
      await expect(saving).rejects.toThrow();
      expect(await opened.store.list(query())).toEqual([]);
      expect(await opened.store.openCandles()).toEqual([]);
      await opened.store.save({ complete: [candle(1)], open: [] });
      expect(await opened.store.list(query())).toEqual([candle(1)]);
    });

    test("removes the oldest before a time, up to a limit", async () => {
      await using opened = await open();
      const candles = Array.from({ length: 10 }, (_, n) => candle(n));
      const others = [candle(0, { symbol: "B" }), candle(0, { span: 1 })];
      await opened.store.save({ complete: [...candles, ...others], open: [toOpen(candle(0))] });
      expect(await opened.store.removeBefore("A", 60, 7 * minute, 4)).toBe(4);
      expect(await opened.store.list(query())).toEqual(candles.slice(4));
      expect(await opened.store.removeBefore("A", 60, 7 * minute, 4)).toBe(3);
      expect(await opened.store.removeBefore("A", 60, 7 * minute, 4)).toBe(0);
      expect(await opened.store.list(query())).toEqual(candles.slice(7));
      expect(await opened.store.list(query({ symbol: "B" }))).toEqual([others[0]]);
      expect(await opened.store.list(query({ span: 1 }))).toEqual([others[1]]);
      expect(await opened.store.openCandles()).toEqual([toOpen(candle(0))]);
    });
  });
}

function candle(n: number, changes: Partial<PriceCandle> = {}): PriceCandle {
  const prices = { open: n, high: n + 0.3, low: n - 0.1, close: n + 0.2 };
  return { symbol: "A", span: 60, openTime: n * minute, ...prices, volume: BigInt(n), quoteCount: n, ...changes };
}

function toOpen(complete: PriceCandle): OpenCandle {
  return { ...complete, newestTime: complete.openTime + 1, sessionVolume: 7n };
}

function query(changes: Partial<CandleQuery> = {}): CandleQuery {
  const everything = { start: Number.MIN_SAFE_INTEGER, end: Number.MAX_SAFE_INTEGER };
  return { symbol: "A", span: 60, ...everything, limit: 1000, ...changes };
}

const price = fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0);
const time = fc.maxSafeInteger().map((each) => each - (each === Number.MAX_SAFE_INTEGER ? 1 : 0));
const size = fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), { nil: undefined });

const anyCandle: fc.Arbitrary<PriceCandle> = fc.record({
  symbol: fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).filter((text) => !text.includes("\0")),
  span: fc.constantFrom(...candleSpans),
  openTime: time,
  open: price,
  high: price,
  low: price,
  close: price,
  volume: size,
  quoteCount: fc.nat(),
});

const anyOpenParts = fc.record({ newestTime: time, sessionVolume: size });
