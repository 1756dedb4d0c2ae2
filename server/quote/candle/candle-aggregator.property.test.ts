import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { CandleAggregator } from "./candle-aggregator.ts";
import { candleSpans, retentionSeconds } from "./candle-store.ts";
import { type CandleTables, candleMigrations } from "./candle-tables.ts";
import { SqliteCandleStore } from "./sqlite-candle-store.ts";

const second = 1_000_000;

type Step =
  | { readonly kind: "tick"; readonly afterMicros: number; readonly last: number; readonly lastSize: bigint }
  | { readonly kind: "save" }
  | { readonly kind: "restart" };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("tick" as const),
      afterMicros: fc.oneof(fc.nat(second), fc.nat(400 * second), fc.nat(8_000 * second)),
      last: fc.nat(1000),
      lastSize: fc.bigInt({ min: 0n, max: 9n }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "save" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

interface Trade {
  readonly time: number;
  readonly last: number;
  readonly lastSize: bigint;
}

/** Computes the candles of a span from all ticks. */
function expected(trades: readonly Trade[], span: number) {
  const micros = span * second;
  const groups = [...Map.groupBy(trades, ({ time }) => Math.floor(time / micros) * micros)];
  return groups.map(([openTime, members], at) => ({
    openTime,
    open: members[0]?.last,
    high: Math.max(...members.map(({ last }) => last)),
    low: Math.min(...members.map(({ last }) => last)),
    close: members.at(-1)?.last,
    volume: members.reduce((sum, { lastSize }) => sum + lastSize, 0n),
    quoteCount: members.length,
    complete: at < groups.length - 1,
  }));
}

test("candles contain all ticks, regardless of the number of saves and restarts", async () => {
  await using temporary = await mkdtempDisposable(join(tmpdir(), "bourse-candles-"));
  await using database = await openDatabase<CandleTables>(temporary.path, { migrations: [candleMigrations] });
  const store = new SqliteCandleStore(database.tables);
  let runs = 0;
  const check = async (steps: readonly Step[]) => {
    const symbol = `S${runs++}`;
    const errors: unknown[] = [];
    const problem = { report: (error: unknown) => errors.push(error), resolve() {} };
    const options = { store, timers: new ManualTime().timers, problem };
    let aggregator = await CandleAggregator.open([symbol], options);
    let time = someMonday;
    const trades: Trade[] = [];
    for (const step of steps) {
      if (step.kind === "save") await aggregator.save();
      else if (step.kind === "restart") {
        await aggregator[Symbol.asyncDispose]();
        aggregator = await CandleAggregator.open([symbol], options);
      } else {
        const { last, lastSize } = step;
        time += step.afterMicros;
        trades.push({ time, last, lastSize });
        aggregator.add([{ symbol, sourceTime: time, last, lastSize }]);
      }
    }
    for (const span of candleSpans) {
      const query = { symbol, span, start: 0, end: Number.MAX_SAFE_INTEGER, limit: 500 };
      const { candles, truncated } = await aggregator.list(query);
      // Older ones may have been removed.
      const oldest = time - retentionSeconds[span] * second + span * second;
      const kept = <T extends { openTime: number }>(all: readonly T[]) =>
        all.filter(({ openTime }) => openTime > oldest);
      const wanted = kept(expected(trades, span));
      expect(kept(candles)).toMatchObject(wanted);
      expect(kept(candles)).toHaveLength(wanted.length);
      expect(truncated).toBe(false);
    }
    expect([errors, aggregator.lateCount, aggregator.lostCount]).toEqual([[], 0, 0]);
  };
  await fc.assert(fc.asyncProperty(fc.array(anyStep, { maxLength: 60 }), check), { numRuns: 60 });
});
