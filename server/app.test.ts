import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { CandleInterval, QuotePhase } from "../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { StreamServer } from "../gen/classic/proto/stream_server_pb.ts";
import { BadRequestSchema } from "../gen/google/rpc/error_details_pb.ts";
import { ServerReflection, type ServerReflectionRequest } from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../gen/health/v1/health_pb.ts";
import { type App, createApp } from "./app.ts";
import { type RawSettings, readConfig } from "./config/config.ts";
import { databaseFileName } from "./storage/sqlite/database.ts";

const stocks = fileURLToPath(new URL("../node_modules/vega-datasets/data/stocks.csv", import.meta.url));

test("a violated rule is INVALID_ARGUMENT with the field", async () => {
  const { transport } = await start();
  const call = createClient(ProductService, transport).createProduct({ product: { name: "", id: "not a uuid" } });
  const error = ConnectError.from(await call.catch((reason: unknown) => reason));
  expect(error.code).toBe(Code.InvalidArgument);
  const [detail] = error.findDetails(BadRequestSchema);
  expect(detail?.fieldViolations.map(({ field }) => field)).toEqual(["product.id", "product.name"]);
});

test("a domain error has its code", async () => {
  const { transport } = await start();
  const id = "00000000-0000-4000-8000-000000000000";
  const call = createClient(ProductService, transport).getProduct({ id });
  await expect(call).rejects.toMatchObject({ code: Code.NotFound, rawMessage: expect.stringContaining(id) });
});

test("products survive a restart", async () => {
  const data = await temporaryFolder();
  const first = await start({ data });
  const { product } = await createClient(ProductService, first.transport).createProduct({
    product: { name: "Abacus" },
  });
  await first.app.close();
  const second = await start({ data });
  const again = await createClient(ProductService, second.transport).getProduct({ id: product?.id ?? "" });
  expect(again.product).toEqual(product);
});

test("a database of an earlier version keeps its rows, and has the schema of a new one", async () => {
  const data = await temporaryFolder();
  const dump = await readFile(new URL("../test/data/database-6-migrations.sql", import.meta.url), "utf8");
  const earlier = new DatabaseSync(join(data, databaseFileName));
  earlier.exec(dump);
  earlier.close();
  const { transport } = await start({ data });
  const { product } = await createClient(ProductService, transport).getProduct({
    id: "0b5e7b1c-0000-4000-8000-000000000001",
  });
  expect(product?.name).toBe("Abacus");
  const { orderCount } = await createClient(OrderService, transport).getOrderSummary({});
  expect(orderCount).toBe(2n);

  const empty = await temporaryFolder();
  await start({ data: empty });
  const [migrated, created] = [data, empty].map((folder) => schemaOf(join(folder, databaseFileName)));
  expect(migrated).toEqual(created);
  expect(migrated?.migrations.slice(0, 6)).toEqual([
    "0001-create-products",
    "0002-create-candles",
    "0003-create-orders",
    "0004-extend-products",
    "0005-create-uploads",
    "0006-add-upload-owners",
  ]);
});

test("an empty catalogue receives demo products only if the demonstration is enabled", async () => {
  expect(await countProducts((await start({ demo: "true" })).transport)).toBeGreaterThan(100);
  expect(await countProducts((await start({ demo: "false" })).transport)).toBe(0);
});

test("the tutorial services are served, with health and reflection, unless they are disabled", async () => {
  const name = "proto.StreamServer";
  const { transport } = await start();
  expect(await createClient(StreamServer, transport).route({ data: "here" })).toMatchObject({ value: "here" });
  expect(await createClient(Health, transport).check({ service: name })).toMatchObject({ status: 1 });
  expect(await reflectedServices(transport)).toContain(name);

  const without = (await start({ classic: "false" })).transport;
  const route = createClient(StreamServer, without).route({ data: "here" });
  await expect(route).rejects.toMatchObject({ code: Code.Unimplemented });
  const check = createClient(Health, without).check({ service: name });
  await expect(check).rejects.toMatchObject({ code: Code.NotFound });
  expect(await reflectedServices(without)).toEqual(expect.not.arrayContaining([name]));
  expect(await reflectsSymbol(without, name)).toBe(false);
  expect(await reflectsSymbol(transport, name)).toBe(true);
});

test("a client that disconnects ends its stream on the server", async () => {
  const { app, transport } = await start();
  const leave = new AbortController();
  const stream = createClient(QuoteService, transport).watchQuotes({ symbols: ["*"] }, { signal: leave.signal });
  await stream[Symbol.asyncIterator]().next();
  expect(app.watcherCount).toBe(1);
  leave.abort();
  await vi.waitFor(() => expect(app.watcherCount).toBe(0));
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])("clients that end their streams do not delay the shutdown (%i)", async () => {
  const { transport } = await start({ feed: `replay:${stocks}`, speed: "max" });
  for (let at = 0; at < 3; at++) await lastPriceOf("AAPL", transport);
});

test("a replay serves the prices of its file", async () => {
  const { transport } = await start({ feed: `replay:${stocks}`, speed: "max" });
  const client = createClient(QuoteService, transport);
  const { instruments } = await client.listInstruments({});
  expect(instruments.map(({ symbol }) => symbol)).toEqual(["AAPL", "AMZN", "GOOG", "IBM", "MSFT", "TEST"]);
  // The last row of the file for AAPL.
  await vi.waitFor(async () => expect(await lastPriceOf("AAPL", transport)).toBe(223.02));
});

test("a replay of bars results in candles with the prices and the volume of the bars", async () => {
  const bars = fileURLToPath(new URL("../node_modules/vega-datasets/data/sp500-2000.csv", import.meta.url));
  const { transport } = await start({ feed: `replay:${bars}`, speed: "max" });
  const client = createClient(QuoteService, transport);
  const request = { symbol: "SP500-2000", interval: CandleInterval.CANDLE_INTERVAL_1H, limit: 2 };
  await vi.waitFor(async () => {
    const { candles } = await client.listCandles(request);
    // The last two rows of the file, of one bar each.
    expect(candles.map(({ high, low, close, volume }) => [high, low, close, volume])).toEqual([
      [2806.51001, 2764.320068, 2799.550049, 5_179_990_000n],
      [2879.219971, 2830.879883, 2874.560059, 5_792_140_000n],
    ]);
  });
});

test("an instrument TEST of the feed, or one that is also configured, is listed once", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "test.csv");
  await writeFile(file, "time,last\n2026-01-05,42\n");
  const { transport } = await start({ feed: `replay:${file}`, speed: "max", instruments: "GOLD" });
  const { instruments } = await createClient(QuoteService, transport).listInstruments({});
  expect(instruments.map(({ symbol }) => symbol)).toEqual(["GOLD", "TEST"]);
  await vi.waitFor(async () => expect(await lastPriceOf("TEST", transport)).toBe(42));
  const named = await start({ feed: `replay:${stocks}`, instruments: "IBM" });
  const listed = await createClient(QuoteService, named.transport).listInstruments({});
  expect(listed.instruments.filter(({ symbol }) => symbol === "IBM")).toHaveLength(1);
});

async function start(settings: RawSettings = {}): Promise<{ app: App; transport: Transport }> {
  const data = settings.data ?? (await temporaryFolder());
  const config = readConfig({ port: "0", demo: "false", ...settings, data }, {});
  const app = await createApp(config, pino({ level: "silent" }));
  // No call outlasts the grace period, regardless of the clients.
  onTestFinished(async () => expect(await app.close()).toBe(true));
  return { app, transport: createGrpcTransport({ baseUrl: app.url }) };
}

function schemaOf(path: string) {
  using database = new DatabaseSync(path, { readOnly: true });
  const namesOf = (sql: string) => database.prepare(sql).all();
  return {
    objects: namesOf("select type, name, sql from sqlite_master order by type, name"),
    migrations: namesOf("select name from kysely_migration order by name").map(({ name }) => name),
  };
}

async function reflectedServices(transport: Transport): Promise<string[]> {
  const answer = await reflect(transport, { case: "listServices", value: "" });
  return answer.case === "listServicesResponse" ? answer.value.service.map(({ name }) => name) : [];
}

async function reflectsSymbol(transport: Transport, value: string): Promise<boolean> {
  return (await reflect(transport, { case: "fileContainingSymbol", value })).case === "fileDescriptorResponse";
}

async function reflect(transport: Transport, messageRequest: ServerReflectionRequest["messageRequest"]) {
  async function* requests() {
    yield { messageRequest };
  }
  const [answer] = await Array.fromAsync(createClient(ServerReflection, transport).serverReflectionInfo(requests()));
  if (answer === undefined) throw new Error("reflection sent no response");
  return answer.messageResponse;
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bourse-app-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function countProducts(transport: Transport): Promise<number> {
  let count = 0;
  for await (const { product } of createClient(ProductService, transport).listProducts({})) {
    if (product !== undefined) count++;
  }
  return count;
}

async function lastPriceOf(symbol: string, transport: Transport): Promise<number | undefined> {
  for await (const { phase, quotes, event } of createClient(QuoteService, transport).watchQuotes({
    symbols: [symbol],
  })) {
    if (phase === QuotePhase.SNAPSHOT) return quotes[0]?.last;
    if (event.case === "caughtUp") return undefined;
  }
  return undefined;
}
