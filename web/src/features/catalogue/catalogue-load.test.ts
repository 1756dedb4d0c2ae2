import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { DigestChain } from "../../../../client/digest-chain.ts";
import { ProductSchema } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { CatalogueLoad, maxProducts } from "./catalogue-load.ts";

function setUp(listProducts: (context: HandlerContext) => AsyncGenerator<{ product: { name: string } }>) {
  const transport = createRouterTransport(({ service }) => {
    service(ProductService, { listProducts: (_, context) => listProducts(context) });
  });
  const load = new CatalogueLoad(createClient(ProductService, transport), (task) => task());
  return { load, names: () => load.state().products.map(({ name }) => name) };
}

test("products, total and trailers are taken in", async () => {
  const { load, names } = setUp(async function* (context) {
    context.responseHeader.set("bourse-total-count", "2");
    context.responseTrailer.set("bourse-sent-count", "2");
    yield { product: { name: "one" } };
    yield { product: { name: "two" } };
  });
  await load.run(new AbortController().signal);
  expect(load.state()).toMatchObject({ kind: "complete", total: 2, trailers: [["bourse-sent-count", "2"]] });
  expect(names()).toEqual(["one", "two"]);
});

test("the checksum in the trailer is compared with the products that came", async () => {
  const digest = new DigestChain();
  digest.add(toBinary(ProductSchema, create(ProductSchema, { name: "one" })));
  const checksumWhenTold = async (sha256: string | undefined) => {
    const { load } = setUp(async function* (context) {
      if (sha256 !== undefined) context.responseTrailer.set("bourse-sha256", sha256);
      yield { product: { name: "one" } };
    });
    await load.run(new AbortController().signal);
    const state = load.state();
    return state.kind === "complete" ? state.checksum : state.kind;
  };
  expect(await checksumWhenTold(digest.hex)).toBe("verified");
  expect(await checksumWhenTold("0".repeat(64))).toBe("wrong");
  expect(await checksumWhenTold(undefined)).toBe("absent");
});

test("rows and the total are there before the stream ends", async () => {
  const rest = Promise.withResolvers<void>();
  const { load, names } = setUp(async function* (context) {
    context.responseHeader.set("bourse-total-count", "2");
    yield { product: { name: "one" } };
    await rest.promise;
    yield { product: { name: "two" } };
  });
  const firstRow = new Promise<void>((resolve) => load.subscribe(() => names().length === 1 && resolve()));
  const run = load.run(new AbortController().signal);
  await firstRow;
  expect(load.state()).toMatchObject({ kind: "loading", total: 2 });
  rest.resolve();
  await run;
  expect(names()).toEqual(["one", "two"]);
});

test("a failure keeps what came, and is told in words with its trailers", async () => {
  const { load, names } = setUp(async function* (context) {
    context.responseHeader.set("bourse-total-count", "9");
    context.responseTrailer.set("bourse-sent-count", "1");
    yield { product: { name: "one" } };
    throw new ConnectError("shutting down", Code.Unavailable);
  });
  await load.run(new AbortController().signal);
  expect(names()).toEqual(["one"]);
  expect(load.state()).toMatchObject({
    kind: "failed",
    total: 9,
    reason: "The server is not available: shutting down.",
    trailers: [["bourse-sent-count", "1"]],
  });
});

test("leaving the page cancels the call", async () => {
  const cancelled = Promise.withResolvers<void>();
  const { load, names } = setUp(async function* (context) {
    context.signal.addEventListener("abort", () => cancelled.resolve());
    yield { product: { name: "one" } };
    await cancelled.promise;
  });
  const leave = new AbortController();
  load.subscribe(() => names().length === 1 && leave.abort());
  await load.run(leave.signal);
  await cancelled.promise;
  expect(load.state().kind).toBe("loading");
});

test("a catalogue without end is cut off", async () => {
  const cancelled = Promise.withResolvers<void>();
  const { load } = setUp(async function* (context) {
    context.signal.addEventListener("abort", () => cancelled.resolve());
    for (let count = 0; count <= maxProducts; count++) yield { product: { name: "more" } };
    await cancelled.promise;
  });
  await load.run(new AbortController().signal);
  await cancelled.promise;
  expect(load.state().kind).toBe("cut");
  expect(load.state().products).toHaveLength(maxProducts);
});
