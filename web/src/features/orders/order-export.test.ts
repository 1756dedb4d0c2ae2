import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { DigestChain } from "../../../../client/order/digest-chain.ts";
import { ManualTimers } from "../../../../client/shared/testing/manual-timers.ts";
import { type Order, OrderFilterSchema, OrderSchema } from "../../../../gen/bourse/order/v1/order_pb.ts";
import { type ExportOrdersRequest, OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { OrderExport } from "./order-export.ts";
import { maxTextBytes, OrderStore } from "./order-store.ts";

const filter = create(OrderFilterSchema, { country: "France" });
const cut = new ConnectError("shutting down", Code.Unavailable);

/** A server that has `size` orders, in responses of `batch`, and whose calls break as `breakAt` says. */
function setUp(options: { size: number; batch?: number; breaks?: Map<number, ConnectError>; sha256?: string }) {
  const { size, batch = 2, breaks = new Map<number, ConnectError>(), sha256 } = options;
  const requests: ExportOrdersRequest[] = [];
  const hold = { at: Number.POSITIVE_INFINITY, cancelled: Promise.withResolvers<void>() };
  const timers = new ManualTimers();
  async function* exportOrders(request: ExportOrdersRequest, context: HandlerContext) {
    requests.push(request);
    context.signal.addEventListener("abort", () => hold.cancelled.resolve());
    context.responseHeader.set("bourse-total-count", String(size));
    context.responseTrailer.set("bourse-sha256", sha256 ?? digestOf(size));
    for (let from = Number(new TextDecoder().decode(request.resumeToken) || 0); from < size; from += batch) {
      const failure = breaks.get(from);
      breaks.delete(from);
      if (failure !== undefined) throw failure;
      if (from >= hold.at) {
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
  const turns = { count: 0 };
  const run = new OrderExport({
    client: createClient(OrderService, transport),
    random: () => 0.5,
    schedule: (task) => task(),
    newStore: () => new OrderStore({ rows: 100, textBytes: maxTextBytes }),
    nextTurn: async () => {
      turns.count++;
    },
    timers,
  });
  onTestFinished(() => run.close());
  const comes = (kind: string) => expect.poll(() => run.state().kind).toBe(kind);
  const sequences = () =>
    Array.from({ length: run.state().received }, (_, index) => Number(run.state().store.row(index).sequence));
  return { run, requests, hold, timers, turns, comes, sequences };
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

test("an export comes in whole, with its total, and its digest is verified", async () => {
  const { run, requests, sequences } = setUp({ size: 5 });
  expect(run.state()).toMatchObject({ kind: "idle", received: 0 });
  await run.start(filter);
  expect(run.state()).toMatchObject({ kind: "complete", total: 5, attempts: 1 });
  expect(run.state().digest).toBe(digestOf(5));
  expect(run.state().headers).toContainEqual(["bourse-total-count", "5"]);
  expect(run.state().trailers).toContainEqual(["bourse-sha256", digestOf(5)]);
  expect(sequences()).toEqual(upTo(5));
  expect(requests).toMatchObject([{ filter: { country: "France" } }]);
});

test("orders other than those that the server sent are told", async () => {
  const { run } = setUp({ size: 5, sha256: digestOf(6) });
  await run.start(filter);
  expect(run.state()).toMatchObject({ kind: "wrong" });
});

test("a broken connection is taken up where it broke, and the digest is that of the whole", async () => {
  const { run, requests, timers, comes, sequences } = setUp({ size: 7, breaks: new Map([[4, cut]]) });
  const over = run.start(filter);
  await comes("waiting");
  expect(run.state()).toMatchObject({
    retryAt: timers.now() + 250,
    reason: "The server is not available: shutting down.",
    received: 4,
    total: 7,
  });
  timers.advance(250);
  await over;
  expect(run.state()).toMatchObject({ kind: "complete", attempts: 2 });
  expect(sequences()).toEqual(upTo(7));
  expect(requests.map(({ resumeToken }) => new TextDecoder().decode(resumeToken))).toEqual(["", "4"]);
});

test("the wait for the next attempt can be cut short", async () => {
  const { run, comes } = setUp({ size: 7, breaks: new Map([[0, cut]]) });
  void run.start(filter);
  await comes("waiting");
  void run.proceed();
  await comes("complete");
  expect(run.state()).toMatchObject({ kind: "complete", attempts: 2 });
});

test("what asking again does not mend ends it, and says why", async () => {
  const refusal = new ConnectError("placed_before must be later than placed_from", Code.InvalidArgument);
  const { run, timers } = setUp({ size: 7, breaks: new Map([[2, refusal]]) });
  await run.start(filter);
  expect(run.state()).toMatchObject({
    kind: "failed",
    received: 2,
    reason: "The server did not accept the request: placed_before must be later than placed_from.",
  });
  expect(timers.count).toBe(0);
});

test("cancel ends the call and keeps what came; the export can go on", async () => {
  const { run, hold, comes, sequences } = setUp({ size: 9 });
  hold.at = 4;
  const over = run.start(filter);
  await expect.poll(() => run.state().received).toBe(4);
  run.cancel();
  expect(run.state()).toMatchObject({ kind: "cancelled", received: 4, digest: digestOf(4) });
  await hold.cancelled.promise;
  await over;
  hold.at = Number.POSITIVE_INFINITY;
  void run.proceed();
  await comes("complete");
  expect(run.state()).toMatchObject({ attempts: 2, received: 9 });
  expect(sequences()).toEqual(upTo(9));
});

test("cancelling while it waits leaves no timer", async () => {
  const { run, timers, comes } = setUp({ size: 7, breaks: new Map([[4, cut]]) });
  void run.start(filter);
  await comes("waiting");
  run.cancel();
  await expect.poll(() => timers.count).toBe(0);
  expect(run.state().kind).toBe("cancelled");
});

test("a second export takes the place of the first, which changes nothing any more", async () => {
  const { run, hold, sequences } = setUp({ size: 9 });
  hold.at = 4;
  const first = run.start(filter);
  await expect.poll(() => run.state().received).toBe(4);
  hold.at = Number.POSITIVE_INFINITY;
  const second = run.start(filter);
  await Promise.all([first, second]);
  expect(run.state()).toMatchObject({ kind: "complete", attempts: 1 });
  expect(sequences()).toEqual(upTo(9));
});

test("the browser gets its turn once the page was busy for a slice", async () => {
  const { run, timers, turns } = setUp({ size: 40 });
  const store = run.state().store;
  run.subscribe(() => {
    if (run.state().store !== store) timers.advance(3);
  });
  await run.start(filter);
  expect(turns.count).toBeGreaterThanOrEqual(5);
  expect(turns.count).toBeLessThanOrEqual(10);
});

test("an export larger than the page keeps is left where the page is full", async () => {
  const { run, hold } = setUp({ size: 105, batch: 3 });
  hold.at = 102;
  await run.start(filter);
  expect(run.state()).toMatchObject({ kind: "full", received: 100, total: 105 });
  await hold.cancelled.promise;
});
