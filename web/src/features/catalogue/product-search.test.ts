import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { ManualTimers } from "../../../../client/shared/testing/manual-timers.ts";
import {
  ProductService,
  type SearchProductsRequest,
  SearchProductsRequestSchema,
} from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { maxProducts, ProductSearch, pageSize, pauseMs } from "./product-search.ts";

type Script = (request: SearchProductsRequest, context: HandlerContext) => AsyncGenerator<string>;

/** A server that finds the names which a script yields; their tokens are the names. */
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
  const comes = (kind: string) => expect.poll(() => search.state().kind).toBe(kind);
  return { search, requests, timers, comes, names: () => search.state().products.map(({ name }) => name) };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const askFor = (query: string) => create(SearchProductsRequestSchema, { query });

/** Finds so many products, numbered, as a server that takes limits and tokens does. */
function many(size: number): Script {
  return async function* ({ limit, resumeToken }) {
    const from = Number(new TextDecoder().decode(resumeToken) || 0);
    for (let index = from; index < Math.min(size, from + limit); index++) yield String(index + 1);
  };
}

test("what is found is there, with headers and trailers", async () => {
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

test("products are shown before the search is over", async () => {
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

test("only the last of several words that follow each other fast is searched for", async () => {
  const { search, requests, timers, comes } = setUp(async function* ({ query }) {
    yield query;
  });
  for (const query of ["l", "la", "lam"]) {
    search.ask(askFor(query));
    timers.advance(pauseMs - 1);
  }
  expect(requests).toEqual([]);
  timers.advance(1);
  await comes("complete");
  expect(requests.map(({ query }) => query)).toEqual(["lam"]);
  expect(timers.count).toBe(0);
});

test("a new search cancels the one before, whose products stay until it has found some", async () => {
  const cancelled = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const { search, timers, names, comes } = setUp(async function* ({ query }, { signal }) {
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
  search.ask(askFor("second"));
  await cancelled.promise;
  timers.advance(pauseMs);
  expect(search.state()).toMatchObject({ kind: "searching", isStale: true });
  expect(names()).toEqual(["old"]);
  second.resolve();
  await comes("complete");
  expect(names()).toEqual(["new"]);
});

test("a search that finds nothing leaves nothing of the one before", async () => {
  const { search, names } = setUp(async function* ({ query }) {
    if (query === "lamp") yield "lamp";
  });
  await search.search(askFor("lamp"));
  await search.search(askFor("nonsense"));
  expect(search.state().kind).toBe("complete");
  expect(names()).toEqual([]);
});

test("more than a page comes in pages, each asked for, none twice", async () => {
  const { search, requests, names } = setUp(many(250));
  await search.search(askFor("x"));
  expect(search.state()).toMatchObject({ kind: "more", canAsk: true });
  expect(names()).toHaveLength(pageSize);
  await search.more();
  await search.more();
  expect(search.state().kind).toBe("complete");
  expect(names()).toEqual(Array.from({ length: 250 }, (_, index) => String(index + 1)));
  expect(requests.map(({ limit }) => limit)).toEqual([pageSize + 1, pageSize + 1, pageSize + 1]);
});

test("as many as a page has exactly are all there is", async () => {
  const { search } = setUp(many(pageSize));
  await search.search(askFor("x"));
  expect(search.state().kind).toBe("complete");
});

test("a page shows no more than it can", async () => {
  const { search, names } = setUp(many(maxProducts + 50));
  await search.search(askFor("x"));
  for (let page = 1; page < maxProducts / pageSize; page++) await search.more();
  expect(search.state()).toMatchObject({ kind: "more", canAsk: false });
  expect(names()).toHaveLength(maxProducts);
});

test("a failure keeps what came, is told in words with its trailers, and can be taken up there", async () => {
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
    reason: "The server is not available: shutting down.",
    trailers: [["bourse-sent-count", "2"]],
  });
  isBroken = false;
  await search.more();
  expect(search.state().kind).toBe("complete");
  expect(names()).toEqual(["1", "2", "3"]);
});

test("leaving the page cancels what is planned", () => {
  const { search, requests, timers } = setUp(many(1));
  search.ask(askFor("x"));
  search.cancel();
  timers.advance(pauseMs);
  expect(requests).toEqual([]);
  expect(timers.count).toBe(0);
});
