import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { DigestChain } from "../../../../client/order/digest-chain.ts";
import { ManualTimers } from "../../../../client/shared/testing/manual-timers.ts";
import { type Order, OrderFilterSchema, OrderSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { type ExportOrdersRequest, OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { maxTextBytes, OrderRowStore } from "./order-row-store.ts";
import { OrderStream } from "./order-stream.ts";

const filter = create(OrderFilterSchema, { country: "France" });
const cut = new ConnectError("shutting down", Code.Unavailable);

/** A server with `size` orders in responses of `batch`, whose calls fail at the positions in `breaks`. */
function setUp(options: { size: number; batch?: number; breaks?: Map<number, ConnectError>; sha256?: string }) {
  const { size, batch = 2, breaks = new Map<number, ConnectError>(), sha256 } = options;
  const requests: ExportOrdersRequest[] = [];
  const stall = { at: Number.POSITIVE_INFINITY, cancelled: Promise.withResolvers<void>() };
  const timers = new ManualTimers();
  async function* exportOrders(request: ExportOrdersRequest, context: HandlerContext) {
    requests.push(request);
    context.signal.addEventListener("abort", () => stall.cancelled.resolve());
    context.responseHeader.set("bourse-total-count", String(size));
    context.responseTrailer.set("bourse-sha256", sha256 ?? digestOf(size));
    for (let from = Number(new TextDecoder().decode(request.resumeToken) || 0); from < size; from += batch) {
      const failure = breaks.get(from);
      breaks.delete(from);
      if (failure !== undefined) throw failure;
      if (from >= stall.at) {
        const { signal } = context;
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw cut;
      }
      const end = Math.min(size, from + batch);
      const orders = Array.from({ length: end - from }, (_, index) => orderOf(from + index));
      yield { orders, resumeToken: new TextEncoder().encode(String(end)) };
    }
  }
  const transport = createRouterTransport(({ service }) => {
    service(OrderService, { exportOrders });
  });
  const yields = { count: 0 };
  const orderExport = new OrderStream({
    client: createClient(OrderService, transport),
    random: () => 0.5,
    schedule: (task) => task(),
    newStore: () => new OrderRowStore({ rows: 100, textBytes: maxTextBytes }),
    yieldToEventLoop: async () => {
      yields.count++;
    },
    timers,
  });
  onTestFinished(() => orderExport.close());
  const reaches = (kind: string) => expect.poll(() => orderExport.state().kind).toBe(kind);
  const sequences = () =>
    Array.from({ length: orderExport.state().received }, (_, index) =>
      Number(orderExport.state().store.row(index).sequence),
    );
  return { orderExport, requests, stall, timers, yields, reaches, sequences };
}

function orderOf(index: number): Order {
  return create(OrderSchema, { sequence: BigInt(index + 1), orderNumber: `n${index}`, quantity: 1 });
}

function digestOf(size: number): string {
  const chain = new DigestChain();
  for (let index = 0; index < size; index++) chain.add(toBinary(OrderSchema, orderOf(index)));
  return chain.hex;
}

function upTo(size: number): number[] {
  return Array.from({ length: size }, (_, index) => index + 1);
}

test("an export receives all orders, has a total, and verifies the digest", async () => {
  const { orderExport, requests, sequences } = setUp({ size: 5 });
  expect(orderExport.state()).toMatchObject({ kind: "idle", received: 0 });
  await orderExport.start(filter);
  expect(orderExport.state()).toMatchObject({ kind: "complete", total: 5, attempts: 1 });
  expect(orderExport.state().digest).toBe(digestOf(5));
  expect(orderExport.state().headers).toContainEqual(["bourse-total-count", "5"]);
  expect(orderExport.state().trailers).toContainEqual(["bourse-sha256", digestOf(5)]);
  expect(sequences()).toEqual(upTo(5));
  expect(requests).toMatchObject([{ filter: { country: "France" } }]);
});

test("a digest that differs from the server's is a mismatch", async () => {
  const { orderExport } = setUp({ size: 5, sha256: digestOf(6) });
  await orderExport.start(filter);
  expect(orderExport.state()).toMatchObject({ kind: "mismatch" });
});

test("an export resumes after a broken connection, and the digest is of all orders", async () => {
  const { orderExport, requests, timers, reaches, sequences } = setUp({ size: 7, breaks: new Map([[4, cut]]) });
  const over = orderExport.start(filter);
  await reaches("reconnecting");
  expect(orderExport.state()).toMatchObject({
    retryAt: timers.now() + 250,
    reason: "The server is unavailable: shutting down.",
    received: 4,
    total: 7,
  });
  timers.advance(250);
  await over;
  expect(orderExport.state()).toMatchObject({ kind: "complete", attempts: 2 });
  expect(sequences()).toEqual(upTo(7));
  expect(requests.map(({ resumeToken }) => new TextDecoder().decode(resumeToken))).toEqual(["", "4"]);
});

test("resume ends the wait for the next attempt", async () => {
  const { orderExport, reaches } = setUp({ size: 7, breaks: new Map([[0, cut]]) });
  void orderExport.start(filter);
  await reaches("reconnecting");
  void orderExport.resume();
  await reaches("complete");
  expect(orderExport.state()).toMatchObject({ kind: "complete", attempts: 2 });
});

test("an error that is not retryable ends the export with a reason", async () => {
  const refusal = new ConnectError("placed_before must be later than placed_from", Code.InvalidArgument);
  const { orderExport, timers } = setUp({ size: 7, breaks: new Map([[2, refusal]]) });
  await orderExport.start(filter);
  expect(orderExport.state()).toMatchObject({
    kind: "failed",
    received: 2,
    reason: "The server rejected the request: placed_before must be later than placed_from.",
  });
  expect(timers.count).toBe(0);
});

test("cancel ends the call and keeps the received orders; the export can be resumed", async () => {
  const { orderExport, stall, reaches, sequences } = setUp({ size: 9 });
  stall.at = 4;
  const over = orderExport.start(filter);
  await expect.poll(() => orderExport.state().received).toBe(4);
  orderExport.cancel();
  expect(orderExport.state()).toMatchObject({ kind: "cancelled", received: 4, digest: digestOf(4) });
  await stall.cancelled.promise;
  await over;
  stall.at = Number.POSITIVE_INFINITY;
  void orderExport.resume();
  await reaches("complete");
  expect(orderExport.state()).toMatchObject({ attempts: 2, received: 9 });
  expect(sequences()).toEqual(upTo(9));
});

test("cancel during the wait leaves no timer", async () => {
  const { orderExport, timers, reaches } = setUp({ size: 7, breaks: new Map([[4, cut]]) });
  void orderExport.start(filter);
  await reaches("reconnecting");
  orderExport.cancel();
  await expect.poll(() => timers.count).toBe(0);
  expect(orderExport.state().kind).toBe("cancelled");
});

test("a second export replaces the first, which has no further effect", async () => {
  const { orderExport, stall, sequences } = setUp({ size: 9 });
  stall.at = 4;
  const first = orderExport.start(filter);
  await expect.poll(() => orderExport.state().received).toBe(4);
  stall.at = Number.POSITIVE_INFINITY;
  const second = orderExport.start(filter);
  await Promise.all([first, second]);
  expect(orderExport.state()).toMatchObject({ kind: "complete", attempts: 1 });
  expect(sequences()).toEqual(upTo(9));
});

test("the export yields after each slice", async () => {
  const { orderExport, timers, yields } = setUp({ size: 40 });
  const store = orderExport.state().store;
  orderExport.subscribe(() => {
    if (orderExport.state().store !== store) timers.advance(3);
  });
  await orderExport.start(filter);
  expect(yields.count).toBeGreaterThanOrEqual(5);
  expect(yields.count).toBeLessThanOrEqual(10);
});

test("an export ends when the store is full", async () => {
  const { orderExport, stall } = setUp({ size: 105, batch: 3 });
  stall.at = 102;
  await orderExport.start(filter);
  expect(orderExport.state()).toMatchObject({ kind: "full", received: 100, total: 105 });
  await stall.cancelled.promise;
});
