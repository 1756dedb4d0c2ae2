import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InstrumentSchema, PauseMode, type Quote, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { QuoteHub } from "../../server/quote/hub/quote-hub.ts";
import { quoteService } from "../../server/quote/quote-service.ts";
import { someMonday } from "../../server/shared/testing/manual-time.ts";
import { immediateTimers } from "../shared/testing/manual-timers.ts";
import { watchQuotes } from "./watch-quotes.ts";
import type { Gap } from "./watch-update.ts";

const symbols = ["A", "B", "C"];
const last = Number.MAX_SAFE_INTEGER;

const symbol = fc.constantFrom(...symbols);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("publish" as const), symbol, count: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("break" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pause" as const), symbol }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("resume" as const), symbol }) },
);

/** @param lives the number of responses after which each of the first streams fails */
function setUp(lives: readonly number[] = []) {
  const hub = new QuoteHub({
    epoch: 1n,
    now: () => someMonday,
    instruments: symbols.map((name) => create(InstrumentSchema, { symbol: name })),
  });
  let id = 0;
  let streams = 0;
  let breakStream = () => {};
  const flaky: Interceptor = (next) => async (request) => {
    const response = await next(request);
    if (!response.stream) return response;
    const broken = new Promise<never>((_, reject) => {
      breakStream = () => reject(new ConnectError("the connection broke", Code.Unavailable));
    });
    broken.catch(() => {});
    return { ...response, message: until(response.message, broken, lives[streams++]) };
  };
  const service = quoteService({ hub, newId: () => `stream-${++id}` });
  const transport = createRouterTransport((router) => router.service(QuoteService, service), {
    transport: { interceptors: [flaky] },
  });
  return { hub, client: createClient(QuoteService, transport), breakStream: () => breakStream() };
}

/** Yields the messages of a stream until it fails: when `broken` rejects, or after `life` messages. */
async function* until<T>(messages: AsyncIterable<T>, broken: Promise<never>, life = Infinity): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  for (let count = 0; ; count++) {
    if (count >= life) throw new ConnectError("the connection broke", Code.Unavailable);
    const next = await Promise.race([iterator.next(), broken]);
    if (next.done) return;
    yield next.value;
  }
}

test("the quotes of each symbol are complete and in order despite lost streams, pauses and replays", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { hub, client, breakStream } = setUp();
      const quotes: Quote[] = [];
      const gaps: Gap[] = [];
      const policy = SlowReaderPolicy.DISCONNECT;
      const watch = watchQuotes(client, { symbols, policy, timers: immediateTimers, random: () => 0.5 });
      let isUp = () => {};
      const up = new Promise<void>((resolve) => {
        isUp = resolve;
      });
      const done = (async () => {
        const left = new Set(symbols);
        for await (const update of watch) {
          if (update.kind === "caught-up") isUp();
          if (update.kind !== "quotes") continue;
          quotes.push(...update.quotes);
          gaps.push(...update.gaps);
          for (const quote of update.quotes) if (quote.last === last) left.delete(quote.symbol);
          if (left.size === 0) return;
        }
      })();
      await up;
      for (const each of steps) {
        if (each.kind === "publish") publish(hub, each.symbol, ...Array.from({ length: each.count }).keys());
        if (each.kind === "break") breakStream();
        if (each.kind === "turn") await new Promise((resolve) => setImmediate(resolve));
        if (each.kind === "pause") watch.pause([each.symbol], PauseMode.REPLAY).catch(() => {});
        if (each.kind === "resume") watch.resume([each.symbol]).catch(() => {});
      }
      for (const name of symbols) publish(hub, name, last);
      watch.resume(["*"]).catch(() => {});
      await done;
      for (const name of symbols) {
        const seqs = quotes.filter((quote) => quote.symbol === name).map(({ instrumentSeq }) => Number(instrumentSeq));
        expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1));
        expect(seqs.at(-1)).toBe(Number(hub.newest(name)?.instrumentSeq));
      }
      expect(gaps).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

const named = fc.constantFrom(...symbols, "*");
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("publish" as const), symbol, count: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("subscribe" as const), symbol: named }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("unsubscribe" as const), symbol: named }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("turns" as const), count: fc.integer({ min: 1, max: 6 }) }) },
);
const someWatch = fc.record({
  first: fc.subarray([...symbols, "NONE"]),
  from: fc.constantFrom("snapshot" as const, "oldest" as const),
  lives: fc.array(fc.nat(9), { maxLength: 12 }),
  steps: fc.array(change, { maxLength: 30 }),
});

test("each symbol reaches its newest quote in order and without loss, despite lost streams and changed subscriptions", async () => {
  await fc.assert(
    fc.asyncProperty(someWatch, async ({ first, from, lives, steps }) => {
      const { hub, client } = setUp(lives);
      const policy = SlowReaderPolicy.DISCONNECT;
      const watch = watchQuotes(client, { symbols: first, policy, from, timers: immediateTimers, random: () => 0.5 });
      const newest = new Map<string, bigint>();
      const lost: Gap[] = [];
      const done = (async () => {
        for await (const update of watch) {
          if (update.kind !== "quotes") continue;
          lost.push(...update.gaps.filter(({ cause }) => cause === "lost"));
          for (const quote of update.quotes) {
            expect(quote.instrumentSeq).toBeGreaterThan(newest.get(quote.symbol) ?? 0n);
            newest.set(quote.symbol, quote.instrumentSeq);
          }
        }
      })();
      for (const each of steps) {
        if (each.kind === "publish") publish(hub, each.symbol, ...Array.from({ length: each.count }).keys());
        if (each.kind === "turns") await turns(each.count);
        if (each.kind === "subscribe") watch.subscribe([each.symbol]).catch(() => {});
        if (each.kind === "unsubscribe") watch.unsubscribe([each.symbol]).catch(() => {});
      }
      await watch.subscribe(["*"]);
      const wanted = symbols.map((name) => hub.newest(name)?.instrumentSeq);
      const received = () => symbols.map((name) => newest.get(name));
      for (let turn = 0; turn < 500 && received().join() !== wanted.join(); turn++) await turns(1);
      expect(received()).toEqual(wanted);
      expect(lost).toEqual([]);
      watch.close();
      await done;
    }),
    { numRuns: 150 },
  );
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function publish(hub: QuoteHub, name: string, ...prices: number[]): void {
  hub.publish(prices.map((price) => ({ symbol: name, last: price, sourceTime: someMonday })));
}
