import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { ManualTimers } from "../../../../client/shared/testing/manual-timers.ts";
import {
  ProductService,
  type SearchProductsRequest,
  SearchProductsRequestSchema,
} from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { debounceMs, maxProducts, ProductSearch, pageSize } from "./product-search.ts";

type Script = (request: SearchProductsRequest, context: HandlerContext) => AsyncGenerator<string>;

/** A server that finds the names that a script yields. The resume token of a product is its name. */
function setUp(script: Script) {
  const requests: SearchProductsRequest[] = [];
  async function* searchProducts(request: SearchProductsRequest, context: HandlerContext) {
    requests.push(request);
    for await (const name of script(request, context)) yield { product: { name }, resumeToken: bytesOf(name) };
  }
  const transport = createRouterTransport(({ service }) => {
    service(ProductService, { searchProducts });
  });
  const timers = new ManualTimers();
  const search = new ProductSearch(createClient(ProductService, transport), (task) => task(), timers);
  onTestFinished(() => search.cancel());
  const reaches = (kind: string) => expect.poll(() => search.state().kind).toBe(kind);
  return { search, requests, timers, reaches, names: () => search.state().products.map(({ name }) => name) };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const askFor = (query: string) => create(SearchProductsRequestSchema, { query });

/** A script that finds numbered products and applies limits and resume tokens. */
function many(size: number): Script {
  return async function* ({ limit, resumeToken }) {
    const from = Number(new TextDecoder().decode(resumeToken) || 0);
    for (let index = from; index < Math.min(size, from + limit); index++) yield String(index + 1);
  };
}

test("a search returns the products, headers and trailers", async () => {
  const { search, names } = setUp(async function* (_, context) {
    context.responseHeader.set("x-shop", "one");
    context.responseTrailer.set("bourse-sent-count", "2");
    yield* ["lamp", "desk"];
  });
  await search.search(askFor("furniture"));
  expect(search.state()).toMatchObject({ kind: "complete", isStale: false });
  expect(search.state().headers).toContainEqual(["x-shop", "one"]);
  expect(search.state().trailers).toEqual([["bourse-sent-count", "2"]]);
  expect(names()).toEqual(["lamp", "desk"]);
});

test("products are shown before the search ends", async () => {
  const rest = Promise.withResolvers<void>();
  const { search, names } = setUp(async function* () {
    yield "lamp";
    await rest.promise;
    yield "desk";
  });
  const over = search.search(askFor(""));
  await expect.poll(names).toEqual(["lamp"]);
  expect(search.state()).toMatchObject({ kind: "searching", isStale: false });
  rest.resolve();
  await over;
  expect(names()).toEqual(["lamp", "desk"]);
});

test("several fast changes start one search", async () => {
  const { search, requests, timers, reaches } = setUp(async function* ({ query }) {
    yield query;
  });
  for (const query of ["l", "la", "lam"]) {
    search.searchDebounced(askFor(query));
    timers.advance(debounceMs - 1);
  }
  expect(requests).toEqual([]);
  timers.advance(1);
  await reaches("complete");
  expect(requests.map(({ query }) => query)).toEqual(["lam"]);
  expect(timers.count).toBe(0);
});

test("a new search cancels the previous one, whose products stay until the first new one", async () => {
  const cancelled = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const { search, timers, names, reaches } = setUp(async function* ({ query }, { signal }) {
    if (query === "first") {
      signal.addEventListener("abort", () => cancelled.resolve());
      yield "old";
      await cancelled.promise;
      return;
    }
    await second.promise;
    yield "new";
  });
  void search.search(askFor("first"));
  await expect.poll(names).toEqual(["old"]);
  search.searchDebounced(askFor("second"));
  await cancelled.promise;
  timers.advance(debounceMs);
  expect(search.state()).toMatchObject({ kind: "searching", isStale: true });
  expect(names()).toEqual(["old"]);
  second.resolve();
  await reaches("complete");
  expect(names()).toEqual(["new"]);
});

test("a search without results removes the products of the previous one", async () => {
  const { search, names } = setUp(async function* ({ query }) {
    if (query === "lamp") yield "lamp";
  });
  await search.search(askFor("lamp"));
  await search.search(askFor("nonsense"));
  expect(search.state().kind).toBe("complete");
  expect(names()).toEqual([]);
});

test("products are loaded in pages, none twice", async () => {
  const { search, requests, names } = setUp(many(250));
  await search.search(askFor("x"));
  expect(search.state()).toMatchObject({ kind: "more", canLoadMore: true });
  expect(names()).toHaveLength(pageSize);
  await search.loadMore();
  await search.loadMore();
  expect(search.state().kind).toBe("complete");
  expect(names()).toEqual(Array.from({ length: 250 }, (_, index) => String(index + 1)));
  expect(requests.map(({ limit }) => limit)).toEqual([pageSize + 1, pageSize + 1, pageSize + 1]);
});

test("a result of exactly one page is complete", async () => {
  const { search } = setUp(many(pageSize));
  await search.search(askFor("x"));
  expect(search.state().kind).toBe("complete");
});

test("the number of products is limited", async () => {
  const { search, names } = setUp(many(maxProducts + 50));
  await search.search(askFor("x"));
  for (let page = 1; page < maxProducts / pageSize; page++) await search.loadMore();
  expect(search.state()).toMatchObject({ kind: "more", canLoadMore: false });
  expect(names()).toHaveLength(maxProducts);
});

test("a failure keeps the products, has a description and trailers, and can be resumed", async () => {
  let isBroken = true;
  const { search, names } = setUp(async function* (request, context) {
    context.responseTrailer.set("bourse-sent-count", "2");
    if (!isBroken) return yield* many(3)(request, context);
    yield* ["1", "2"];
    throw new ConnectError("shutting down", Code.Unavailable);
  });
  await search.search(askFor("x"));
  expect(search.state()).toMatchObject({
    kind: "failed",
    reason: "The server is unavailable: shutting down.",
    trailers: [["bourse-sent-count", "2"]],
  });
  isBroken = false;
  await search.loadMore();
  expect(search.state().kind).toBe("complete");
  expect(names()).toEqual(["1", "2", "3"]);
});

test("cancel removes a scheduled search", () => {
  const { search, requests, timers } = setUp(many(1));
  search.searchDebounced(askFor("x"));
  search.cancel();
  timers.advance(debounceMs);
  expect(requests).toEqual([]);
  expect(timers.count).toBe(0);
});
