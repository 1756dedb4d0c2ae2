import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { type WatchQuotesOptions, watchQuotes } from "../../client/quote/watch-quotes.ts";
import type { Gap, WatchUpdate } from "../../client/quote/watch-update.ts";
import {
  CursorProblem,
  InstrumentSchema,
  PauseMode,
  type Quote,
  SlowReaderPolicy,
} from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { QuoteHub } from "../../server/quote/hub/quote-hub.ts";
import { quoteService } from "../../server/quote/quote-service.ts";
import { someMonday } from "../../server/shared/testing/manual-time.ts";
import { toConnectError } from "../../server/shared/to-connect-error.ts";
import { startTransportServer } from "../../server/transport/transport-server.ts";

const symbols = ["ACME", "BETA", "GAMMA"];
const pollOptions = { timeout: 9_000, interval: 5 };
const { CONFLATE, REPLAY } = PauseMode;
const { DISCONNECT } = SlowReaderPolicy;

function hubOf(epoch: bigint, maxWaiting?: number): QuoteHub {
  const instruments = symbols.map((symbol) => create(InstrumentSchema, { symbol }));
  return new QuoteHub({ epoch, now: () => someMonday, instruments, maxWaiting });
}

/** A server that can be killed, and started again on the same port. */
async function serve(hub: QuoteHub, port = 0) {
  const server = await startTransportServer({
    host: "127.0.0.1",
    port,
    mapError: toConnectError,
    otherwise: (exchange) => exchange.abort(),
    routes: (router) => router.service(QuoteService, quoteService({ hub, newId: randomUUID })),
  });
  let closed: Promise<boolean> | undefined;
  const kill = () => (closed ??= server.close(0));
  onTestFinished(async () => void (await kill()));
  return { url: server.url, port: Number(new URL(server.url).port), kill };
}

/** Watches until the test ends, and records the events. */
function watch(transport: Transport, options: Partial<WatchQuotesOptions> = {}) {
  const seen = { quotes: [] as Quote[], gaps: [] as Gap[], updates: [] as WatchUpdate[] };
  const watching = watchQuotes(createClient(QuoteService, transport), { symbols, random: () => 0.02, ...options });
  onTestFinished(() => watching.close());
  const ended = (async () => {
    for await (const update of watching) {
      if (update.kind !== "quotes") seen.updates.push(update);
      else {
        seen.quotes.push(...update.quotes);
        seen.gaps.push(...update.gaps);
      }
    }
  })();
  const times = (kind: WatchUpdate["kind"]) => seen.updates.filter((update) => update.kind === kind).length;
  return { ...seen, watching, ended, times };
}

function publish(hub: QuoteHub, symbol: string, ...prices: number[]): void {
  hub.publish(prices.map((last) => ({ symbol, last, sourceTime: someMonday })));
}

const pricesOf = (quotes: readonly Quote[], symbol: string) =>
  quotes.filter((quote) => quote.symbol === symbol).map(({ last }) => last);

const transports: [string, (baseUrl: string) => Transport][] = [
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
];

test.each(transports)("repeated kills of the server lose no quote over %s", async (_name, transportOf) => {
  const hub = hubOf(1n);
  let server = await serve(hub);
  const { quotes, gaps, times, watching } = watch(transportOf(server.url), { policy: DISCONNECT });
  await expect.poll(() => times("caught-up"), pollOptions).toBe(1);
  const wanted: number[] = [];
  for (let life = 1; life <= 6; life++) {
    for (let price = 0; price < 300; price++) {
      wanted.push(life * 1_000 + price);
      publish(hub, symbols[price % 3] ?? "", life * 1_000 + price);
      if (price % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await server.kill();
    for (let price = 500; price < 600; price++) {
      wanted.push(life * 1_000 + price);
      publish(hub, symbols[price % 3] ?? "", life * 1_000 + price);
    }
    server = await serve(hub, server.port);
    await expect.poll(() => times("caught-up"), pollOptions).toBeGreaterThan(life);
  }
  await expect.poll(() => quotes.length, pollOptions).toBe(wanted.length);
  for (const symbol of symbols) {
    const log = wanted.filter((price) => symbols[(price % 1_000) % 3] === symbol);
    expect(pricesOf(quotes, symbol)).toEqual(log);
  }
  expect(gaps).toEqual([]);
  await expect.poll(() => watching.cursor?.seq, pollOptions).toBe(BigInt(wanted.length));
});

test("the server ends the stream of a slow reader, which resumes without loss", async () => {
  const hub = hubOf(1n, 50);
  const server = await serve(hub);
  const client = createClient(QuoteService, createGrpcTransport({ baseUrl: server.url }));
  const reasons: Code[] = [];
  const watching = watchQuotes(client, {
    symbols: ["ACME"],
    policy: DISCONNECT,
    random: () => 0,
    onState: (state) => state.kind === "retrying" && reasons.push(state.reason.code),
  });
  const seen: number[] = [];
  for await (const update of watching) {
    if (update.kind === "caught-up" && seen.length === 0) publish(hub, "ACME", ...Array.from({ length: 500 }).keys());
    if (update.kind !== "quotes") continue;
    expect(update.gaps).toEqual([]);
    seen.push(...update.quotes.map(({ last }) => last ?? -1));
    if (seen.length >= 500) break;
  }
  expect(seen).toEqual([...Array.from({ length: 500 }).keys()]);
  expect(reasons).toContain(Code.ResourceExhausted);
});

test("a server that restarts with another log causes a reset, and the watch continues", async () => {
  const server = await serve(hubOf(1n));
  const { quotes, updates, times } = watch(createGrpcTransport({ baseUrl: server.url }));
  await expect.poll(() => times("caught-up"), pollOptions).toBe(1);
  await server.kill();
  const hub = hubOf(2n);
  publish(hub, "ACME", 5);
  await serve(hub, server.port);
  await expect.poll(() => times("caught-up"), pollOptions).toBe(2);
  expect(updates.find(({ kind }) => kind === "reset")).toMatchObject({ cause: { problem: CursorProblem.OTHER_EPOCH } });
  publish(hub, "ACME", 6);
  await expect.poll(() => pricesOf(quotes, "ACME"), pollOptions).toEqual([5, 6]);
});

test("a replaying pause survives a restart of the server, and no quote is lost or arrives early", async () => {
  const hub = hubOf(1n);
  const server = await serve(hub);
  const { quotes, gaps, times, watching } = watch(createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }));
  publish(hub, "ACME", 1);
  await expect.poll(() => pricesOf(quotes, "ACME"), pollOptions).toEqual([1]);
  await watching.pause(["ACME"], REPLAY);
  publish(hub, "ACME", 2, 3);
  await server.kill();
  publish(hub, "ACME", 4, 5);
  await serve(hub, server.port);
  await expect.poll(() => times("started"), pollOptions).toBe(2);
  publish(hub, "ACME", 6);
  publish(hub, "BETA", 7);
  await expect.poll(() => pricesOf(quotes, "BETA"), pollOptions).toEqual([7]);
  expect(pricesOf(quotes, "ACME")).toEqual([1]);
  expect((await watching.resume(["ACME"])).subscriptions).toMatchObject([{ symbol: "ACME", skipped: 0n }]);
  await expect.poll(() => pricesOf(quotes, "ACME"), pollOptions).toEqual([1, 2, 3, 4, 5, 6]);
  expect(gaps).toEqual([]);
});

test("a conflating pause survives a restart of the server, and resume sends the newest quote after a gap of skipped ones", async () => {
  const hub = hubOf(1n);
  const server = await serve(hub);
  const { quotes, gaps, times, watching } = watch(createGrpcTransport({ baseUrl: server.url }), { policy: DISCONNECT });
  publish(hub, "ACME", 1);
  await expect.poll(() => pricesOf(quotes, "ACME"), pollOptions).toEqual([1]);
  await watching.pause(["ACME"], CONFLATE);
  publish(hub, "ACME", 2, 3);
  await server.kill();
  publish(hub, "ACME", 4, 5);
  await serve(hub, server.port);
  await expect.poll(() => times("started"), pollOptions).toBe(2);
  publish(hub, "ACME", 6);
  publish(hub, "BETA", 7);
  await expect.poll(() => pricesOf(quotes, "BETA"), pollOptions).toEqual([7]);
  expect(pricesOf(quotes, "ACME")).toEqual([1]);
  await watching.resume(["ACME"]);
  await expect.poll(() => pricesOf(quotes, "ACME"), pollOptions).toEqual([1, 6]);
  expect(gaps).toMatchObject([{ symbol: "ACME", missing: 4n, cause: "skipped" }]);
});

test("symbols are added and removed while the stream runs, and each new one starts with its newest quote", async () => {
  const hub = hubOf(1n);
  publish(hub, "BETA", 1, 2);
  const server = await serve(hub);
  const transport = createGrpcTransport({ baseUrl: server.url });
  const { quotes, times, watching } = watch(transport, { symbols: ["ACME"] });
  await expect.poll(() => times("caught-up"), pollOptions).toBe(1);
  expect(await watching.ping()).toBeGreaterThanOrEqual(0);
  await watching.subscribe(["BETA"]);
  await watching.unsubscribe(["ACME"]);
  publish(hub, "ACME", 9);
  publish(hub, "BETA", 3);
  await expect.poll(() => pricesOf(quotes, "BETA"), pollOptions).toEqual([2, 3]);
  expect(pricesOf(quotes, "ACME")).toEqual([]);
  expect((await watching.list()).subscriptions).toMatchObject([{ symbol: "BETA" }]);
});

test("a refusal of the server is thrown", async () => {
  const server = await serve(hubOf(1n));
  const watching = watchQuotes(createClient(QuoteService, createGrpcTransport({ baseUrl: server.url })), {
    symbols,
    from: { epoch: 9n, seq: 3n },
    resetIfOutOfRange: false,
  });
  await expect(watching[Symbol.asyncIterator]().next()).rejects.toThrow(/out_of_range/);
});
