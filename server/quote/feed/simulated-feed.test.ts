import { describe, expect, it } from "vitest";
import { microsPerDay, microsPerSecond } from "../../../client/shared/micro-time.ts";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import { FeedError, type QuoteFeed, type Tick } from "./quote-feed.ts";
import { type SimulatedFeedOptions, simulatedFeed } from "./simulated-feed.ts";

const now = () => someMonday;

/** The first `count` ticks of a feed, or a few more, with the time at the end. */
async function ticksOf(count: number, options: Partial<SimulatedFeedOptions> = {}, time = new ManualTime()) {
  const feed = simulatedFeed({ now: time.now, timers: time.instantTimers, ...options });
  const ticks = await firstTicks(feed, count);
  return { feed, ticks, seconds: (time.now() - someMonday) / microsPerSecond };
}

async function firstTicks(feed: QuoteFeed, count: number): Promise<Tick[]> {
  const stop = new AbortController();
  const ticks: Tick[] = [];
  await feed.run((batch) => {
    ticks.push(...batch);
    if (ticks.length >= count) stop.abort();
  }, stop.signal);
  return ticks;
}

describe("simulatedFeed", () => {
  it("has 500 instruments with symbols, names, a currency, price steps and lots", () => {
    const { instruments } = simulatedFeed({ now });
    expect(instruments).toHaveLength(500);
    expect(instruments[0]).toMatchObject({ symbol: "ACME", name: "Acme Corporation", currency: "USD", lotSize: 100n });
    for (const { symbol, name, tickSize } of instruments) {
      expect(symbol).toMatch(/^[A-Z]{4}$/);
      expect(name).toMatch(/^\w+ \w+/);
      expect([0.001, 0.005, 0.01, 0.05, 0.25]).toContain(tickSize);
    }
  });

  it("has up to the limit of instruments", () => {
    const { instruments } = simulatedFeed({ now, instruments: 10_000 });
    expect(new Set(instruments.map(({ symbol }) => symbol)).size).toBe(10_000);
    expect(new Set(instruments.map(({ name }) => name)).size).toBe(10_000);
  });

  it.each([1, 2, 3, 4, 5])("never uses the symbol of the test instrument (seed %i)", (seed) => {
    const { instruments } = simulatedFeed({ now, instruments: 9_999, seed });
    expect(instruments.map(({ symbol }) => symbol)).not.toContain("TEST");
  });

  it("makes the same ticks from the same seed and clock in each run", async () => {
    const [{ feed, ticks }, other] = await Promise.all([ticksOf(2000, { seed: 42 }), ticksOf(2000, { seed: 42 })]);
    expect(other.ticks).toEqual(ticks);
    const again = simulatedFeed({ now, seed: 42 });
    expect(again.instruments).toEqual(feed.instruments);
  });

  it("makes a different market from a different seed", async () => {
    const [one, two] = await Promise.all([ticksOf(1000, { seed: 1 }), ticksOf(1000, { seed: 2 })]);
    expect(two.ticks).not.toEqual(one.ticks);
  });

  it("opens with a quote of every instrument, at prices from a few to a few thousand", async () => {
    const { feed, ticks } = await ticksOf(500);
    expect(ticks.map(({ symbol }) => symbol)).toEqual(feed.instruments.map(({ symbol }) => symbol));
    const prices = ticks.map(({ last = 0 }) => last).toSorted((a, b) => a - b);
    expect(prices.at(0)).toBeGreaterThan(1);
    expect(prices.at(0)).toBeLessThan(10);
    expect(prices.at(-1)).toBeGreaterThan(500);
    expect(prices.at(-1)).toBeLessThan(10_000);
  });

  it("ticks at the requested rate, unevenly among the instruments", async () => {
    const { ticks, seconds } = await ticksOf(60_500);
    expect((ticks.length - 500) / seconds).toBeCloseTo(200, 0);
    const counts = [...Map.groupBy(ticks, ({ symbol }) => symbol).values()].map(({ length }) => length);
    const sorted = counts.toSorted((a, b) => b - a);
    const share = (some: number[]) => some.reduce((sum, each) => sum + each, 0) / ticks.length;
    expect(share(sorted.slice(0, 25))).toBeGreaterThan(0.4);
    expect(share(sorted.slice(250))).toBeLessThan(0.2);
    expect(sorted.at(-1)).toBeGreaterThan(10);
  });

  it("never ticks an instrument twice in a batch, so that a reader that conflates and keeps up misses nothing", async () => {
    const stop = new AbortController();
    let batches = 0;
    const time = new ManualTime();
    await simulatedFeed({ now: time.now, timers: time.instantTimers }).run((ticks) => {
      expect(new Set(ticks.map(({ symbol }) => symbol)).size).toBe(ticks.length);
      batches++;
      if (batches === 1000) stop.abort();
    }, stop.signal);
  });

  it("ticks ACME at least once a second, even if hardly any other instrument ticks", async () => {
    const { ticks } = await ticksOf(600, { ticksPerSecond: 1, stepMillis: 100 });
    const times = ticks.filter(({ symbol }) => symbol === "ACME").map(({ sourceTime }) => sourceTime);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps.length).toBeGreaterThan(50);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(microsPerSecond);
  });

  it("continues at the current time after the machine slept, and pauses if the clock moved back", async () => {
    const time = new ManualTime();
    const feed = simulatedFeed({
      now: time.now,
      timers: time.instantTimers,
      ticksPerSecond: 100,
      instruments: 5,
    });
    const stop = new AbortController();
    const batches: Tick[][] = [];
    await feed.run((ticks) => {
      batches.push([...ticks]);
      if (batches.length === 2) time.advance(3_600_000);
      if (batches.length === 3) time.advance(-10_000);
      if (batches.length === 4) stop.abort();
    }, stop.signal);
    expect(batches[2]?.length).toBeLessThanOrEqual(101);
    const newest = new Map<string, number>();
    for (const { symbol, sourceTime } of batches.flat()) {
      expect(sourceTime).toBeGreaterThanOrEqual(newest.get(symbol) ?? 0);
      newest.set(symbol, sourceTime);
    }
  });

  it.each([
    [{ instruments: 0 }, "number of instruments is 0: choose a whole number from 1 to 10000"],
    [{ instruments: 10_001 }, "number of instruments is 10001"],
    [{ ticksPerSecond: 0.5 }, "number of ticks a second is 0.5"],
    [{ stepMillis: 101 }, "step in milliseconds is 101"],
  ])("refuses %o", (options, problem) => {
    expect(() => simulatedFeed({ now, ...options })).toThrow(FeedError);
    expect(() => simulatedFeed({ now, ...options })).toThrow(problem);
  });
});

describe("each of 100,000 simulated ticks", () => {
  it("is a complete and plausible state of its stock, in the order of time", async () => {
    const { feed, ticks } = await ticksOf(100_000, { ticksPerSecond: 400 });
    const instruments = new Map(feed.instruments.map((each) => [each.symbol, each]));
    const newest = new Map<string, Required<Tick>>();
    const wrong: unknown[] = [];
    let time = 0;
    for (const tick of ticks as Required<Tick>[]) {
      const { tickSize = 0, lotSize = 1n } = instruments.get(tick.symbol) ?? {};
      const before = newest.get(tick.symbol);
      const { bid, ask, last, open, high, low, previousClose, bidSize, askSize, lastSize, volume } = tick;
      const holds = {
        order: tick.sourceTime >= time && Number.isSafeInteger(tick.sourceTime),
        book: 0 < bid && bid < ask && bid <= last && last <= ask,
        session: low <= last && last <= high && low <= open && open <= high && previousClose > 0,
        steps: [bid, ask, last, open, high, low, previousClose].every((price) => isMultiple(price, tickSize)),
        lots: [bidSize, askSize, lastSize, volume].every((size) => size > 0n && size % lotSize === 0n),
        volume: before === undefined || volume === before.volume || volume === before.volume + lastSize,
        trade: before === undefined || volume > before.volume || last === before.last,
        spread: (ask - bid) / ask < 0.05,
        jump: before === undefined || Math.abs(last / before.last - 1) < 0.1,
      };
      if (!Object.values(holds).every(Boolean)) wrong.push({ tick, before, holds });
      newest.set(tick.symbol, tick);
      time = tick.sourceTime;
    }
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it("has volatility clusters: large moves follow large moves", async () => {
    const { ticks } = await ticksOf(100_000, { instruments: 1, ticksPerSecond: 10 });
    const prices = ticks.filter((_, index) => index % 20 === 0).map(({ last = 1 }) => Math.log(last));
    const moves = prices.slice(1).map((price, index) => Math.abs(price - (prices[index] ?? price)));
    expect(correlation(moves.slice(1), moves.slice(0, -1))).toBeGreaterThan(0.1);
  });
});

describe("a simulated session", () => {
  it("is a UTC day, and the next session opens at its first trade with the previous close", async () => {
    const time = new ManualTime(someMonday - (someMonday % microsPerDay) + microsPerDay - 2 * microsPerSecond);
    const { ticks } = await ticksOf(500, { instruments: 1, ticksPerSecond: 100 }, time);
    const midnight = ticks.findIndex(({ sourceTime }) => sourceTime % microsPerDay < microsPerDay / 2);
    const [close, open] = [ticks[midnight - 1], ticks[midnight]];
    expect(open?.previousClose).toBe(close?.last);
    expect(open).toMatchObject({ open: open?.last, high: open?.last, low: open?.last, volume: open?.lastSize });
    expect(close?.volume).toBeGreaterThan(open?.volume ?? 0n);
  });
});

function isMultiple(price: number, tickSize: number): boolean {
  return Math.abs(price / tickSize - Math.round(price / tickSize)) < 1e-6;
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  const covariance = mean(xs.map((x, index) => (x - meanX) * ((ys[index] ?? 0) - meanY)));
  const deviation = (values: readonly number[], of: number) =>
    Math.sqrt(mean(values.map((value) => (value - of) ** 2)));
  return covariance / (deviation(xs, meanX) * deviation(ys, meanY));
}
