import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type CallOptions,
  Code,
  ConnectError,
  createClient,
  createHandlerContext,
  createRouterTransport,
} from "@connectrpc/connect";
import { expect, test } from "vitest";
import { DigestChain } from "../../client/order/digest-chain.ts";
import { type Product, ProductImageSchema, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import {
  ListProductsRequestSchema,
  ProductService,
  SearchProductsRequestSchema,
} from "../../gen/bourse/product/v1/product_service_pb.ts";
import { metadataNames } from "../shared/metadata-names.ts";
import { ResumeTokens } from "../shared/resume-token.ts";
import { mapDomainErrors } from "../shared/testing/map-domain-errors.ts";
import { openDatabase } from "../storage/sqlite/database.ts";
import { Catalogue, maxCatalogueReads } from "./catalogue.ts";
import { seedDemoCatalogue } from "./demo/demo-catalogue.ts";
import type { ProductImages } from "./fill-in-product-images.ts";
import { productService } from "./product-service.ts";
import { SqliteRatingStore } from "./rating/sqlite-rating-store.ts";
import { SqliteProductFinder } from "./search/sqlite-product-finder.ts";
import { SqliteTextIndex } from "./search/sqlite-text-index.ts";
import { type ProductTables, productMigrations } from "./store/product-tables.ts";
import { SqliteProductStore } from "./store/sqlite-product-store.ts";

const now = timestampFromMs(1_790_000_000_000);
const newId = () => "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";
const chosenId = "0d6c5e39-4d3e-4d11-8a0c-bb2f5a4f0c02";

test("a created product has an id, times and an etag, and can be read", async () => {
  await using shop = await openShop();
  const { product } = await shop.client.createProduct({ product: { name: "Lamp", etag: "mine" } });
  expect(product).toMatchObject({ id: newId(), name: "Lamp", createTime: now, updateTime: now });
  expect(product?.etag).toMatch(/^[0-9a-f]{32}$/);
  expect((await shop.client.getProduct({ id: newId() })).product).toEqual(product);
});

test("a client can choose the id, which is lower-cased", async () => {
  await using shop = await openShop();
  const { product } = await shop.client.createProduct({ product: { id: chosenId.toUpperCase(), name: "Lamp" } });
  expect(product?.id).toBe(chosenId);
  expect((await shop.client.getProduct({ id: chosenId.toUpperCase() })).product).toEqual(product);
});

test("an id that is taken is refused, in upper case too", async () => {
  await using shop = await openShop();
  await shop.client.createProduct({ product: { id: chosenId, name: "Lamp" } });
  const again = await errorOf(shop.client.createProduct({ product: { id: chosenId.toUpperCase(), name: "Lump" } }));
  expect(again.code).toBe(Code.AlreadyExists);
  expect(again.rawMessage).toBe(
    `the product ${chosenId} already exists, or existed and was deleted: choose another id`,
  );
});

test("an unknown id is NOT_FOUND", async () => {
  await using shop = await openShop();
  const missing = await errorOf(shop.client.getProduct({ id: chosenId }));
  expect(missing.code).toBe(Code.NotFound);
  expect(missing.rawMessage).toContain(chosenId);
});

test("a request without a product is refused", async () => {
  await using shop = await openShop();
  expect((await errorOf(shop.client.createProduct({}))).code).toBe(Code.InvalidArgument);
});

test("a list has the total in the headers, and the count and the digest in the trailers", async () => {
  await using shop = await openShop();
  const seeded = await seedDemoCatalogue(shop.store, now);
  expect(await seedDemoCatalogue(shop.store, now)).toBe(0);
  const list = await readList(shop);
  expect(list.header.get(metadataNames.totalCount)).toBe(String(seeded));
  expect(list.products).toHaveLength(seeded);
  expect(list.trailer.get(metadataNames.sentCount)).toBe(String(seeded));
  expect(list.trailer.get(metadataNames.sha256)).toBe(digestOf(list.products));
});

test("an empty catalogue gives an empty list", async () => {
  await using shop = await openShop();
  const list = await readList(shop);
  expect(list.products).toEqual([]);
  expect(list.header.get(metadataNames.totalCount)).toBe("0");
  expect(list.trailer.get(metadataNames.sentCount)).toBe("0");
  expect(list.trailer.get(metadataNames.sha256)).toBe("0".repeat(64));
});

test("a list shows the catalogue at the start of the call", async () => {
  await using shop = await openShop();
  const seeded = await seedDemoCatalogue(shop.store, now);
  const list = await readList(shop, async (received) => {
    if (received === 1) await shop.client.createProduct({ product: { name: "Late" } });
  });
  expect(list.products).toHaveLength(seeded);
  expect(list.trailer.get(metadataNames.sha256)).toBe(digestOf(list.products));
  expect(await shop.store.count()).toBe(seeded + 1);
});

test("a cancelled list ends at the next page, with the sent count in the trailers", async () => {
  await using shop = await openShop();
  const seeded = await seedDemoCatalogue(shop.store, now);
  const { context, responses } = callListProducts(shop);
  let received = 0;
  const reading = async () => {
    for await (const _ of responses) {
      received++;
      context.abort(new Error("the client disconnected"));
    }
  };
  await expect(reading()).rejects.toThrow("the client disconnected");
  expect(received).toBeLessThan(seeded);
  expect(context.responseTrailer.get(metadataNames.sentCount)).toBe(String(received));
});

test("a list that is not read to its end has the digest of the sent products", async () => {
  await using shop = await openShop();
  await seedDemoCatalogue(shop.store, now);
  const { context, responses } = callListProducts(shop);
  const received: Product[] = [];
  for await (const { product } of responses) {
    received.push(create(ProductSchema, product));
    if (received.length === 3) break;
  }
  expect(context.responseTrailer.get(metadataNames.sentCount)).toBe("3");
  expect(context.responseTrailer.get(metadataNames.sha256)).toBe(digestOf(received));
});

test("every response lists at most 100 images of a product, and a client cannot set them", async () => {
  await using shop = await openShop();
  const images = Array.from({ length: 120 }, (_, n) =>
    create(ProductImageSchema, { uploadId: `u${n}`, contentType: "image/png", size: 5n, path: `/images/u${n}` }),
  );
  const draft = { id: chosenId.toUpperCase(), name: "Lamp", images: [{ uploadId: "mine" }] };
  expect((await shop.client.createProduct({ product: draft })).product?.images).toEqual([]);
  shop.images.imagesOf = async (ids) => new Map(ids.includes(chosenId) ? [[chosenId, images]] : []);
  const listed = images.slice(0, 100);
  expect((await shop.client.getProduct({ id: chosenId })).product?.images).toEqual(listed);
  const { product } = await shop.client.updateProduct({ product: { id: chosenId, name: "Lump" } });
  expect(product?.images).toEqual(listed);
  const list = await readList(shop);
  expect(list.products[0]?.images).toEqual(listed);
  expect(list.trailer.get(metadataNames.sha256)).toBe(digestOf(list.products));
  for await (const found of shop.client.searchProducts({ query: "lump" }))
    expect(found.product?.images).toEqual(listed);
  expect((await shop.store.get(chosenId))?.images).toEqual([]);
});

test("a new image does not change the etag", async () => {
  await using shop = await openShop();
  const { product } = await shop.client.createProduct({ product: { id: chosenId, name: "Lamp" } });
  shop.images.imagesOf = async () => new Map([[chosenId, [create(ProductImageSchema, { uploadId: "u" })]]]);
  expect((await shop.client.getProduct({ id: chosenId })).product?.etag).toBe(product?.etag);
});

test("a cancelled search ends at the next step, with the resume token in the trailers", async () => {
  await using shop = await openShop();
  await seedDemoCatalogue(shop.store, now);
  const context = contextOf("searchProducts");
  const request = create(SearchProductsRequestSchema, { query: "a" });
  let token = new Uint8Array();
  let received = 0;
  const reading = async () => {
    for await (const response of shop.service.searchProducts(request, context)) {
      received++;
      token = Uint8Array.from(response.resumeToken ?? []);
      if (received === 5) context.abort(new Error("the client disconnected"));
    }
  };
  await expect(reading()).rejects.toThrow("the client disconnected");
  expect(context.responseTrailer.get(metadataNames.sentCount)).toBe(String(received));
  expect(context.responseTrailer.get(metadataNames.cursor)).toBe(Buffer.from(token).toString("base64"));
});

test("a resumed search without further results keeps its cursor, and one without any results has none", async () => {
  await using shop = await openShop();
  await shop.client.createProduct({ product: { name: "Lamp" } });
  const cursorOf = async (request: MessageInitShape<typeof SearchProductsRequestSchema>) => {
    const context = contextOf("searchProducts");
    for await (const _ of shop.service.searchProducts(create(SearchProductsRequestSchema, request), context));
    return context.responseTrailer.get(metadataNames.cursor);
  };
  const cursor = await cursorOf({ query: "lamp" });
  expect(await cursorOf({ query: "lamp", resumeToken: Buffer.from(cursor ?? "", "base64") })).toBe(cursor);
  expect(await cursorOf({ query: "shade" })).toBeNull();
});

test("only a search by relevance has relevances", async () => {
  await using shop = await openShop();
  await shop.client.createProduct({ product: { name: "Lamp" } });
  for await (const { relevance } of shop.client.searchProducts({ query: "lamp" })) expect(relevance).toBe(1);
  for await (const { relevance } of shop.client.searchProducts({})) expect(relevance).toBeUndefined();
});

test("a list or a search beyond the limit is refused until another ends", async () => {
  await using shop = await openShop();
  await shop.client.createProduct({ product: { name: "Lamp" } });
  const open = await Promise.all(Array.from({ length: maxCatalogueReads }, () => shop.catalogue.list()));
  expect((await errorOf(readList(shop))).code).toBe(Code.ResourceExhausted);
  const searching = Array.fromAsync(shop.client.searchProducts({}));
  expect((await errorOf(searching)).code).toBe(Code.ResourceExhausted);
  await open[0]?.[Symbol.asyncDispose]();
  expect((await readList(shop)).products).toHaveLength(1);
  expect(await Array.fromAsync(shop.client.searchProducts({}))).toHaveLength(1);
});

async function openShop() {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-shop-")));
  const database = resources.use(
    await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] }),
  );
  const textIndex = new SqliteTextIndex(database.queries);
  const store = new SqliteProductStore(database, textIndex);
  const finder = new SqliteProductFinder(database.queries, textIndex);
  const ratings = new SqliteRatingStore(database);
  const catalogue = new Catalogue({ store, finder, ratings, now: () => now, newId });
  const images: { imagesOf: ProductImages["imagesOf"] } = { imagesOf: async () => new Map() };
  const service = productService({ catalogue, images, tokens: new ResumeTokens(new Uint8Array(32).fill(7)) });
  const transport = createRouterTransport((router) => router.service(ProductService, service), {
    router: { interceptors: [mapDomainErrors] },
  });
  const client = createClient(ProductService, transport);
  return { store, client, service, images, catalogue, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function contextOf(method: "listProducts" | "searchProducts") {
  return createHandlerContext({
    service: ProductService,
    method: ProductService.method[method],
    protocolName: "grpc",
    requestMethod: "POST",
    url: "http://shop.test/",
  });
}

/** Calls the handler directly, so that a test can read the context. */
function callListProducts({ service }: Shop) {
  const context = contextOf("listProducts");
  return { context, responses: service.listProducts(create(ListProductsRequestSchema), context) };
}

type Shop = Awaited<ReturnType<typeof openShop>>;

async function readList({ client }: Shop, onProduct?: (received: number) => Promise<void>) {
  let [header, trailer] = [new Headers(), new Headers()];
  const products: Product[] = [];
  const options: CallOptions = {
    onHeader: (headers) => {
      header = headers;
    },
    onTrailer: (trailers) => {
      trailer = trailers;
    },
  };
  for await (const { product } of client.listProducts({}, options)) {
    products.push(product ?? create(ProductSchema));
    await onProduct?.(products.length);
  }
  return { header, products, trailer };
}

function digestOf(products: readonly Product[]): string {
  const chain = new DigestChain();
  for (const product of products) chain.add(toBinary(ProductSchema, product));
  return chain.hex;
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}
