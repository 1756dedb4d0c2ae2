import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { fromTimestamp, toTimestamp } from "../../client/shared/micro-time.ts";
import { parseMicroTime } from "../../client/shared/micro-time-text.ts";
import { CandleInterval, type Quote, QuoteProblem, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { createApp } from "../../server/app.ts";
import { type RawSettings, readConfig } from "../../server/config/config.ts";
import { testTick } from "../../server/quote/feed/test-symbol-quotes.ts";

const gold = resolve("test/data/quotes/gold.csv");

/** 2026-01-05T14:30:00Z */
const halfPastTwo = 1_767_623_400_000_000;

async function start(settings: RawSettings = {}) {
  const data = settings.data ?? (await temporaryFolder());
  const app = await createApp(
    readConfig({ port: "0", demo: "false", ...settings, data }, {}),
    pino({ level: "silent" }),
  );
  let closed: Promise<boolean> | undefined;
  const close = () => (closed ??= app.close());
  onTestFinished(async () => void (await close()));
  const client = createClient(QuoteService, createGrpcTransport({ baseUrl: app.url }));
  return { app, client, close };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bourse-quotes-in-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Reads the first quotes of a lossless stream. */
async function firstQuotes(client: Client<typeof QuoteService>, symbol: string, count: number): Promise<Quote[]> {
  const seen: Quote[] = [];
  const request = { symbols: [symbol], slowReaderPolicy: SlowReaderPolicy.DISCONNECT };
  for await (const { quotes } of client.watchQuotes(request)) {
    seen.push(...quotes);
    if (seen.length >= count) break;
  }
  return seen.slice(0, count);
}

async function* sending<T>(requests: readonly T[]): AsyncGenerator<T> {
  yield* requests;
}

async function goldRows(): Promise<unknown[][]> {
  const [, ...lines] = (await readFile(gold, "utf8")).trim().split("\n");
  return lines.map((line) => {
    const [time = "", bid, ask, bidSize, askSize, sourceSeq] = line.split(",");
    return [
      parseMicroTime(time),
      Number(bid),
      Number(ask),
      ...[bidSize, askSize, sourceSeq].map((cell) => BigInt(cell ?? "")),
    ];
  });
}

const rowOf = ({ sourceTime, bid, ask, bidSize, askSize, sourceSeq }: Quote) => [
  sourceTime && fromTimestamp(sourceTime),
  bid,
  ask,
  bidSize,
  askSize,
  sourceSeq,
];

function tick(seconds: number, last: number, more: object = {}) {
  return { symbol: "GOLD", last, sourceTime: toTimestamp(halfPastTwo + seconds * 1_000_000), ...more };
}

describe("a replay", () => {
  test("that starts with the first subscriber is delivered to it completely and unchanged", async () => {
    const { client } = await start({ feed: `replay:${gold}`, speed: "max", "replay-start": "subscriber" });
    expect((await client.getQuote({ symbol: "GOLD" })).quote).toBeUndefined();
    const quotes = await firstQuotes(client, "GOLD", 300);
    expect(quotes.map(rowOf)).toEqual(await goldRows());
    expect(quotes.map(({ instrumentSeq }) => instrumentSeq)).toEqual(
      Array.from({ length: 300 }, (_, n) => BigInt(n + 1)),
    );
  });

  test("with loop restarts with its first row", async () => {
    const { client } = await start({
      feed: `replay:${gold}`,
      speed: "1000000",
      "replay-start": "subscriber",
      "replay-loop": "true",
    });
    const rows = await goldRows();
    expect((await firstQuotes(client, "GOLD", 650)).map(rowOf)).toEqual([...rows, ...rows, ...rows.slice(0, 50)]);
  });

  test("reads columns by their configured names", async () => {
    const { client } = await start({
      feed: `replay:${gold}`,
      speed: "max",
      "replay-start": "subscriber",
      "replay-columns": "bid=ask,ask=bid,last_size=bid_size",
    });
    const [quote] = await firstQuotes(client, "GOLD", 1);
    expect(quote).toMatchObject({ bid: 4410.1, ask: 4410, lastSize: 30n });
  });
});

describe("the test instrument", () => {
  test.each([["simulated"], [`replay:${gold}`]])(
    "ticks in addition to the feed %s, with values that are determined by the time",
    async (feed) => {
      const { client } = await start({ feed });
      const [first] = await firstQuotes(client, "TEST", 1);
      const { sourceTime: _, ...values } = testTick(Number(first?.sourceTime?.seconds));
      expect(first).toMatchObject(values);
    },
  );
});

describe("PublishQuotes", () => {
  test("stores quotes, which are streamed and returned, and reports refused quotes", async () => {
    const { client } = await start({ instruments: "GOLD" });
    async function* requests() {
      yield { quotes: [tick(1, 10), tick(2, -1), { ...tick(3, 1), symbol: "SILVER" }] };
      yield { quotes: [tick(0, 11), tick(2, 12, { bid: 3, ask: 2 }), tick(4, 13)] };
    }
    const answer = await client.publishQuotes(requests());
    expect([answer.accepted, answer.rejected]).toEqual([2n, 4n]);
    expect(answer.rejections.map(({ index, problem }) => [index, problem])).toEqual([
      [1n, QuoteProblem.NEGATIVE],
      [2n, QuoteProblem.UNKNOWN_INSTRUMENT],
      [3n, QuoteProblem.BACK_IN_TIME],
      [4n, QuoteProblem.CROSSED],
    ]);
    expect((await client.getQuote({ symbol: "GOLD" })).quote).toMatchObject({ last: 13, instrumentSeq: 2n });
  });

  test("refuses a request of more than 1,000 quotes, and keeps earlier ones", async () => {
    const { client } = await start({ instruments: "GOLD" });
    async function* requests() {
      yield { quotes: [tick(1, 10)] };
      yield { quotes: Array.from({ length: 1001 }, () => tick(2, 20)) };
    }
    const error = ConnectError.from(await client.publishQuotes(requests()).catch((reason: unknown) => reason));
    expect(error.code).toBe(Code.InvalidArgument);
    expect((await client.getQuote({ symbol: "GOLD" })).quote?.last).toBe(10);
  });

  test("without quotes accepts nothing", async () => {
    const { client } = await start();
    expect(await client.publishQuotes(sending([]))).toMatchObject({ accepted: 0n, rejected: 0n });
  });
});

describe("ListCandles", () => {
  const ofGold = { symbol: "GOLD", interval: CandleInterval.CANDLE_INTERVAL_1M };

  test("contains published quotes immediately, also after a restart", async () => {
    const data = await temporaryFolder();
    const first = await start({ instruments: "GOLD", data });
    await first.client.publishQuotes(sending([{ quotes: [tick(0, 5), tick(61, 6)] }]));
    const before = await first.client.listCandles(ofGold);
    expect(before.candles.map(({ open, close, complete }) => [open, close, complete])).toEqual([
      [5, 5, true],
      [6, 6, false],
    ]);
    await first.close();

    const { client } = await start({ instruments: "GOLD", data });
    expect((await client.listCandles(ofGold)).candles).toEqual(before.candles);
    await client.publishQuotes(sending([{ quotes: [tick(70, 9), tick(125, 7)] }]));
    const { candles, truncated } = await client.listCandles({ ...ofGold, limit: 2 });
    expect(candles.map(({ open, high, close, quoteCount }) => [open, high, close, quoteCount])).toEqual([
      [6, 9, 9, 2n],
      [7, 7, 7, 1n],
    ]);
    expect(truncated).toBe(true);
  });

  test("agrees with the quotes of a replay", async () => {
    const { client } = await start({ feed: `replay:${gold}`, speed: "max", "replay-start": "subscriber" });
    const quotes = await firstQuotes(client, "GOLD", 300);
    const { candles } = await client.listCandles(ofGold);
    const minutes = Map.groupBy(quotes, ({ sourceTime }) => (sourceTime?.seconds ?? 0n) / 60n);
    const expected = Array.from(minutes, ([minute, members]) => {
      const prices = members.map(({ bid = 0, ask = 0 }) => Number(((bid + ask) / 2).toPrecision(15)));
      return [minute * 60n, prices[0], Math.max(...prices), Math.min(...prices), prices.at(-1), BigInt(members.length)];
    });
    const listed = candles.map((each) => [
      each.openTime?.seconds,
      each.open,
      each.high,
      each.low,
      each.close,
      each.quoteCount,
    ]);
    expect(listed).toEqual(expected);
    expect(candles.map(({ complete }) => complete)).toEqual(expected.map((_, at) => at < expected.length - 1));
  });

  test("refuses an empty range, an invalid interval, too many candles, and an unknown instrument", async () => {
    const { client } = await start({ instruments: "GOLD" });
    const codeOf = async (request: object) =>
      ConnectError.from(await client.listCandles({ ...ofGold, ...request }).catch((reason: unknown) => reason)).code;
    expect(await codeOf({ startTime: toTimestamp(1), endTime: toTimestamp(1) })).toBe(Code.InvalidArgument);
    expect(await codeOf({ startTime: { seconds: 0n, nanos: -1 } })).toBe(Code.InvalidArgument);
    expect(await codeOf({ interval: 0 })).toBe(Code.InvalidArgument);
    expect(await codeOf({ interval: 99 })).toBe(Code.InvalidArgument);
    expect(await codeOf({ limit: 5001 })).toBe(Code.InvalidArgument);
    expect(await codeOf({ symbol: "" })).toBe(Code.InvalidArgument);
    expect(await codeOf({ symbol: "SILVER" })).toBe(Code.NotFound);
  });
});
