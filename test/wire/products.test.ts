import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemoryUnit, type Product } from "../../gen/bourse/product/v1/product_pb.ts";
import {
  ProductService,
  type RateProductsResponse,
  RatingProblem,
  SearchOrder,
  type SearchProductsResponse,
} from "../../gen/bourse/product/v1/product_service_pb.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { type App, createApp } from "../../server/app.ts";
import { readConfig } from "../../server/config/config.ts";
import { metadataNames } from "../../server/shared/metadata-names.ts";
import { wires } from "./wire-clients.ts";

let data: string;
let app: App;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "bourse-wire-products-"));
  app = await createApp(readConfig({ port: "0", data, "simulated-instruments": "1" }, {}), pino({ level: "silent" }));
});

afterAll(async () => {
  await app?.close();
  await rm(data, { recursive: true });
});

describe.each(wires)("over $name", ({ transport, kinds }) => {
  const client = () => createClient(ProductService, transport(app.url));

  test("a product is updated by mask and etag, and the second of two racing updates is ABORTED", async () => {
    const created = await newProduct(client(), { name: "Lamp", price: { currencyCode: "EUR", units: 5n, nanos: 1 } });
    const { product } = await client().updateProduct({
      product: { id: created.id.toUpperCase(), etag: created.etag, description: "Bright" },
      updateMask: { paths: ["description"] },
    });
    expect(product).toMatchObject({ name: "Lamp", description: "Bright", price: { units: 5n, nanos: 1 } });
    expect(product?.etag).not.toBe(created.etag);
    const stale = { product: { id: created.id, etag: created.etag, name: "Lump" }, updateMask: { paths: ["name"] } };
    expect(await failureOf(client().updateProduct(stale))).toMatchObject({ code: Code.Aborted });
    expect((await client().getProduct({ id: created.id })).product).toEqual(product);
  });

  test.each([
    [["name", "etag"], "update_mask", "etag cannot be changed"],
    [["laptop.gpus.name"], "update_mask", "gpus is a list"],
    [["colour"], "update_mask", `unknown field "colour"`],
    [["name"], "product.name", "must be at least 1 character"],
    [["price"], "product.price", "currency_code must be three capital letters"],
    [["laptop.cpu.min_ghz"], "product.laptop.cpu.min_ghz", "must be finite"],
  ])("an update of %j is refused, and the detail names %s", async (paths, field, problem) => {
    const { id } = await newProduct(client(), { name: "Lamp" });
    const attributes = { case: "laptop" as const, value: { cpu: { minGhz: Number.POSITIVE_INFINITY } } };
    const product = { id, price: { currencyCode: "euro", units: 1n }, attributes };
    const error = await failureOf(client().updateProduct({ product, updateMask: { paths } }));
    expect(error.code).toBe(Code.InvalidArgument);
    const [violation] = error.findDetails(BadRequestSchema)[0]?.fieldViolations ?? [];
    expect(violation).toMatchObject({ field, description: expect.stringContaining(problem) });
    expect((await client().getProduct({ id })).product).toMatchObject({
      name: "Lamp",
      attributes: { case: undefined },
    });
  });

  test("a deleted product is visible only on request", async () => {
    const { id, etag } = await newProduct(client(), { name: "Lamp" });
    expect(await failureOf(client().deleteProduct({ id, etag: "other" }))).toMatchObject({ code: Code.Aborted });
    const { product } = await client().deleteProduct({ id, etag });
    expect(product?.deleteTime).toBeDefined();
    expect(await failureOf(client().getProduct({ id }))).toMatchObject({ code: Code.NotFound });
    expect(await failureOf(client().deleteProduct({ id }))).toMatchObject({ code: Code.NotFound });
    const update = client().updateProduct({ product: { id, name: "Lump" } });
    expect(await failureOf(update)).toMatchObject({ code: Code.NotFound });
    expect((await client().getProduct({ id, showDeleted: true })).product).toEqual(product);
    const again = await failureOf(client().createProduct({ product: { id, name: "Lamp" } }));
    expect(again.code).toBe(Code.AlreadyExists);
  });

  test("a search applies all conditions and returns results in order, with relevance, count and cursor", async () => {
    const { found, trailer } = await search(client(), {
      query: "kestrel air",
      price: { min: { currencyCode: "USD", units: 500n }, max: { currencyCode: "USD", units: 3_000n } },
      brand: "KESTREL",
      minCoreCount: 4,
      minRam: { value: 16_384n, unit: MemoryUnit.MEGABYTE },
    });
    expect(found.length).toBeGreaterThan(0);
    for (const { product, relevance } of found) {
      expect(product?.name).toMatch(/Kestrel Air/);
      expect(product?.attributes.value?.ram?.value).toBeGreaterThanOrEqual(16n);
      expect(relevance).toBe(1);
    }
    expect(trailer.get(metadataNames.sentCount)).toBe(String(found.length));
    const cursor = Buffer.from(found.at(-1)?.resumeToken ?? []).toString("base64");
    expect(trailer.get(metadataNames.cursor)).toBe(cursor);
  });

  test("a search resumes after any of its tokens, also with another limit", async () => {
    const request = { query: "laptop", order: SearchOrder.RELEVANCE };
    const { found: whole } = await search(client(), { query: "a", order: SearchOrder.RELEVANCE });
    expect(whole.length).toBeGreaterThan(20);
    const [at = 0, token = new Uint8Array()] = [7, whole[7]?.resumeToken];
    const { found: rest } = await search(client(), {
      query: "a",
      order: SearchOrder.RELEVANCE,
      resumeToken: token,
      limit: 5,
    });
    expect(rest).toEqual(whole.slice(at + 1, at + 6));
    const other = await failureOf(search(client(), { ...request, resumeToken: token }));
    expect(other).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining("another selection"),
    });
    const changed = token.with(20, (token[20] ?? 0) ^ 1);
    const forged = await failureOf(
      search(client(), { query: "a", order: SearchOrder.RELEVANCE, resumeToken: changed }),
    );
    expect(forged).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining("did not issue it"),
    });
  });

  test.each([
    ["relevance without terms", { order: SearchOrder.RELEVANCE }, "order"],
    ["an order by price without a currency", { order: SearchOrder.PRICE_ASCENDING }, "order"],
    ["an empty price range", { price: {} }, "price"],
    ["two currencies", { price: { min: euros(2n), max: { currencyCode: "USD", units: 3n } } }, "price.max"],
    ["a reversed range", { price: { min: euros(2n), max: euros(1n) } }, "price.max"],
    ["a negative price", { price: { min: euros(-1n) } }, "price.min"],
    ["a billion nanos", { price: { min: { currencyCode: "EUR", nanos: 1_000_000_000 } } }, "price.min.nanos"],
    ["an invalid currency", { price: { max: { currencyCode: "euros" } } }, "price.max.currency_code"],
    ["memory without a unit", { minRam: { value: 8n } }, "min_ram.unit"],
    ["a clock rate that is not a number", { minGhz: Number.NaN }, "min_ghz"],
    ["a query that is too long", { query: "x".repeat(201) }, "query"],
    ["a token that is too long", { resumeToken: new Uint8Array(513) }, "resume_token"],
    ["a forged token", { resumeToken: new Uint8Array(100) }, "resume_token"],
  ])("a search for %s is refused, and the detail names the field", async (_what, request, field) => {
    const error = await failureOf(search(client(), request));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe(field);
  });

  test.runIf(kinds.includes("bidiStream"))("each score has a response while the client sends", async () => {
    const { id } = await newProduct(client(), { name: "Lamp" });
    const { requests, responses } = rating(client());
    const next = async (productId: string, score: number): Promise<RateProductsResponse["result"]> => {
      requests.send({ productId, score });
      return (await responses.next()).value?.result;
    };
    expect(await next(id, 7)).toMatchObject({ case: "rating", value: { count: 1n, average: 7 } });
    expect(await next(id.toUpperCase(), 8.5)).toMatchObject({ case: "rating", value: { count: 2n, average: 7.75 } });
    const badScores = [0, 0.999, 10.001, -1, Number.NaN, Number.POSITIVE_INFINITY];
    const refusals: [string, number, RatingProblem][] = [
      [randomUUID(), 5, RatingProblem.UNKNOWN_PRODUCT],
      ["lamp", 5, RatingProblem.MALFORMED_ID],
      ["x".repeat(10_000), 5, RatingProblem.MALFORMED_ID],
      ...badScores.map((score): [string, number, RatingProblem] => [id, score, RatingProblem.BAD_SCORE]),
    ];
    for (const [productId, score, problem] of refusals) {
      expect(await next(productId, score)).toMatchObject({ case: "refusal", value: { problem } });
    }
    expect(await next(id, 10)).toMatchObject({ case: "rating", value: { count: 3n, average: 8.5 } });
    requests.end();
    expect((await responses.next()).done).toBe(true);
    expect((await client().getProduct({ id })).rating).toMatchObject({ count: 3n, average: 8.5 });
  });
});

const grpcClient = () => createClient(ProductService, createGrpcTransport({ baseUrl: app.url }));

test("exactly one of many racing updates of one revision succeeds, and the others are ABORTED", async () => {
  const client = grpcClient();
  const created = await newProduct(client, { name: "Contended" });
  const attempts = Array.from({ length: 60 }, (_, n) =>
    client.updateProduct({ product: { id: created.id, etag: created.etag, name: `Racer ${n}` } }),
  );
  const outcomes = await Promise.allSettled(attempts);
  const winners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.product] : []));
  const losers = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  expect(winners).toHaveLength(1);
  for (const loser of losers) expect(loser).toMatchObject({ code: Code.Aborted });
  expect((await client.getProduct({ id: created.id })).product).toEqual(winners[0]);
});

test("scores of concurrent streams are all counted exactly", async () => {
  const client = grpcClient();
  const { id } = await newProduct(client, { name: "Popular" });
  const score = (stream: number, n: number) => 1 + ((stream * 31 + n * 7) % 9_000_001) / 1_000_000;
  const streams = Array.from({ length: 20 }, async (_, stream) => {
    async function* scores() {
      for (let n = 0; n < 50; n++) yield { productId: id, score: score(stream, n) };
    }
    const indices: bigint[] = [];
    for await (const { index, result } of client.rateProducts(scores())) {
      expect(result.case).toBe("rating");
      indices.push(index);
    }
    expect(indices).toEqual(Array.from({ length: 50 }, (_, n) => BigInt(n)));
  });
  await Promise.all(streams);
  let millionths = 0;
  for (let stream = 0; stream < 20; stream++) {
    for (let n = 0; n < 50; n++) millionths += Math.round(score(stream, n) * 1_000_000);
  }
  const { rating } = await client.getProduct({ id });
  expect(rating).toMatchObject({ count: 1_000n, average: millionths / 1_000_000_000 });
});

test("a list in progress does not change while products are changed and deleted", async () => {
  const client = grpcClient();
  const before: Product[] = [];
  for await (const { product } of client.listProducts({})) if (product) before.push(product);
  let trailer = new Headers();
  const during: Product[] = [];
  const list = client.listProducts(
    {},
    {
      onTrailer: (received) => {
        trailer = received;
      },
    },
  );
  for await (const { product } of list) {
    if (product) during.push(product);
    if (during.length !== 1) continue;
    const [first, ...others] = before.slice(-40);
    await client.deleteProduct({ id: first?.id ?? "" });
    for (const { id } of others.slice(0, 5)) await client.updateProduct({ product: { id, description: "changed" } });
  }
  expect(during).toEqual(before);
  expect(trailer.get(metadataNames.sentCount)).toBe(String(before.length));
});

function euros(units: bigint) {
  return { currencyCode: "EUR", units };
}

async function newProduct(client: Client<typeof ProductService>, fields: object): Promise<Product> {
  const { product } = await client.createProduct({ product: fields });
  if (product === undefined) throw new Error("there is no product in the answer");
  return product;
}

type SearchRequest = Parameters<Client<typeof ProductService>["searchProducts"]>[0];

async function search(client: Client<typeof ProductService>, request: SearchRequest) {
  let trailer = new Headers();
  const found: SearchProductsResponse[] = [];
  const onTrailer = (received: Headers) => {
    trailer = received;
  };
  for await (const response of client.searchProducts(request, { onTrailer })) found.push(response);
  return { found, trailer };
}

/** Opens a call whose requests the test sends one by one. */
function rating(client: Client<typeof ProductService>) {
  type Score = { productId: string; score: number };
  let waiting = Promise.withResolvers<Score | undefined>();
  async function* sent() {
    for (;;) {
      const score = await waiting.promise;
      waiting = Promise.withResolvers();
      if (score === undefined) return;
      yield score;
    }
  }
  const responses = client.rateProducts(sent())[Symbol.asyncIterator]();
  return {
    requests: { send: (score: Score) => waiting.resolve(score), end: () => waiting.resolve(undefined) },
    responses,
  };
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}
