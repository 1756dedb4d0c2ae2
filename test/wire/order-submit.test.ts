import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { AsyncQueue } from "../../client/shared/testing/async-queue.ts";
import { type Order, OrderSchema, RejectionReason } from "../../gen/bourse/order/v1/order_pb.ts";
import { OrderService, type SubmitOrdersResponse } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { MoneySchema } from "../../gen/google/type/money_pb.ts";
import { maxUnansweredOrders } from "../../server/order/submit/submit-orders-handler.ts";
import { someOrder } from "../../server/order/testing/any-order.ts";
import { type OrderServer, startOrderServer } from "./order-server.ts";
import { wires } from "./wire-clients.ts";

const bidi = [
  ...wires.filter(({ kinds }) => kinds.includes("bidiStream")),
  {
    name: "Connect on HTTP/2 in JSON",
    transport: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  },
];

describe.each(bidi)("$name", ({ transport }) => {
  test("responds to each order with its sequence, the current count and the totals", async () => {
    await using opened = await startOrderServer();
    const answers = await submit(transport(opened.server.url), orders(0, 1_000));
    expect(answers.map(({ index }) => Number(index))).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    expect(answers.map(sequenceOf)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
    const quantities = orders(0, 1_000).filter((order) => order.unitPrice?.currencyCode === "EUR");
    const last = answers.findLast(({ total }) => total?.currencyCode === "EUR");
    expect(last?.total).toMatchObject({
      orderCount: BigInt(quantities.length),
      amount: { value: String((quantities.reduce((sum, { quantity }) => sum + quantity, 0) * 255) / 100) },
    });
    expect(answers.at(-1)).toMatchObject({ acceptedCount: 1_000n, rejectedCount: 0n, duplicateCount: 0n });
    expect(opened.store.newest).toBe(1_000);
  });

  test("responds while the client sends", async () => {
    await using opened = await startOrderServer();
    const queue = new AsyncQueue<Order>();
    const answers = createClient(OrderService, transport(opened.server.url)).submitOrders(requests(queue));
    const reader = answers[Symbol.asyncIterator]();
    for (let n = 0; n < 5; n++) {
      queue.push(someOrder(n));
      const answer = await reader.next();
      expect(answer.value && sequenceOf(answer.value)).toBe(n + 1);
      expect(opened.store.newest).toBe(n + 1);
    }
    queue.close();
    expect(await reader.next()).toMatchObject({ done: true });
  });
});

test("refuses only the invalid order, and reports all its violations", async () => {
  await using opened = await startOrderServer();
  const unitPrice = create(MoneySchema, { currencyCode: "gbp", units: 1n });
  const [first, second, third, fourth] = await submit(grpc(opened), [
    someOrder(0),
    someOrder(1, { description: "x".repeat(1_001), country: "", unitPrice }),
    create(OrderSchema),
    someOrder(3),
  ]);
  expect(first && sequenceOf(first)).toBe(1);
  expect(second?.result).toMatchObject({
    case: "rejected",
    value: {
      reason: RejectionReason.INVALID,
      violations: [
        { field: "description", description: "must have 0 to 1,000 characters, and has 1,001" },
        { field: "unit_price", description: "currency_code must be three capital letters (ISO 4217)" },
        { field: "country", description: "must have 1 to 100 characters, and is empty" },
      ],
    },
  });
  expect(second?.total).toBeUndefined();
  expect(third?.result.case).toBe("rejected");
  expect(fourth).toMatchObject({ index: 3n, acceptedCount: 2n, rejectedCount: 2n });
  expect(fourth && sequenceOf(fourth)).toBe(2);
});

test("a repeated order is a duplicate, and an order with the same key and other content is refused", async () => {
  await using opened = await startOrderServer();
  await submit(grpc(opened), orders(0, 10));
  const again = await submit(grpc(opened), [...orders(0, 10), someOrder(3, { quantity: 99 }), someOrder(10)]);
  expect(again.slice(0, 10).map(sequenceOf)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(again[9]).toMatchObject({ acceptedCount: 10n, duplicateCount: 10n });
  expect(again[10]?.result).toMatchObject({
    case: "rejected",
    value: { reason: RejectionReason.KEY_TAKEN, violations: [{ field: "key" }] },
  });
  expect(again[11] && sequenceOf(again[11])).toBe(11);
  expect(opened.store.newest).toBe(11);
});

test("concurrent streams share commits, and each receives its own responses", async () => {
  await using opened = await startOrderServer();
  const transport = grpc(opened);
  const streams = Array.from({ length: 20 }, (_, stream) =>
    submit(
      transport,
      orders(0, 100).map((order) => Object.assign(order, { key: `${stream}/${order.key}`, quantity: stream + 1 })),
    ),
  );
  const answers = await Promise.all(streams);
  const sequences = answers.flatMap((each) => each.map(sequenceOf));
  expect(new Set(sequences).size).toBe(2_000);
  for (const [stream, each] of answers.entries()) {
    const own = each.map(sequenceOf);
    expect(own).toEqual(own.toSorted((one, other) => one - other));
    expect(each.at(-1)?.acceptedCount).toBe(100n);
    const euros = each.findLast(({ total }) => total?.currencyCode === "EUR")?.total;
    expect(euros?.amount?.value).toBe(String((Number(euros?.orderCount) * (stream + 1) * 255) / 100));
  }
});

test("a full store ends the stream with RESOURCE_EXHAUSTED, and accepted orders are kept", async () => {
  await using opened = await startOrderServer({ maxBytes: 500_000 });
  const accepted: number[] = [];
  const filling = async () => {
    const client = createClient(OrderService, grpc(opened));
    for await (const answer of client.submitOrders(requests(orders(0, 100_000)))) accepted.push(sequenceOf(answer));
  };
  const error = ConnectError.from(await filling().catch((reason: unknown) => reason));
  expect(error.code).toBe(Code.ResourceExhausted);
  expect(error.rawMessage).toContain("its limit of 500,000 bytes (--max-store) is reached");
  expect(accepted.length).toBeGreaterThan(100);
  expect(accepted).toEqual(Array.from({ length: accepted.length }, (_, n) => n + 1));
  const exported = createClient(OrderService, grpc(opened)).exportOrders({ batchSize: 1_000 });
  const stored = (await Array.fromAsync(exported)).flatMap((response) => response.orders);
  expect(stored.length).toBeGreaterThanOrEqual(accepted.length);
});

test("back-pressure stops a client that does not read, and it receives all responses when it reads", {
  tags: ["slow"],
  timeout: 60_000,
}, async () => {
  await using opened = await startOrderServer();
  const count = maxUnansweredOrders * 4;
  const description = "\u{1F600}".repeat(1_000); // more than the buffers of a connection
  let sent = 0;
  async function* sending() {
    for (; sent < count; sent++) yield { order: someOrder(sent, { description }) };
  }
  const answers = createClient(OrderService, grpc(opened)).submitOrders(sending())[Symbol.asyncIterator]();
  await answers.next();
  let before = -1;
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 300)); // until no more is sent
  }
  expect(sent).toBeLessThan(count);
  let received = 1;
  while ((await answers.next()).done !== true) received++;
  expect(received).toBe(count);
  expect(opened.store.newest).toBe(count);
});

test("a server that shuts down responds to the accepted orders, and asks clients to reconnect", async () => {
  await using opened = await startOrderServer();
  const queue = new AsyncQueue<Order>();
  const reader = createClient(OrderService, grpc(opened)).submitOrders(requests(queue))[Symbol.asyncIterator]();
  queue.push(someOrder(0));
  await reader.next();
  for (const order of orders(1, 100)) queue.push(order);
  const second = await reader.next();
  const closing = opened.server.close(5_000);
  const answers = [second.value];
  const reading = async () => {
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) answers.push(next.value);
  };
  await expect(reading()).rejects.toMatchObject({ code: Code.Unavailable });
  expect(opened.store.newest).toBe(answers.length + 1);
  expect(await closing).toBe(true);
});

test("a client that disconnects loses no acknowledged order", async () => {
  await using opened = await startOrderServer();
  const leave = new AbortController();
  const stream = createClient(OrderService, grpc(opened)).submitOrders(requests(orders(0, 5_000)), {
    signal: leave.signal,
  });
  let answered = 0;
  const reading = async () => {
    for await (const answer of stream) {
      answered = sequenceOf(answer);
      if (answered === 1_000) leave.abort();
    }
  };
  await expect(reading()).rejects.toMatchObject({ code: Code.Canceled });
  const again = await submit(grpc(opened), orders(0, 2_000));
  expect(again.slice(0, answered).every(({ result }) => result.case === "accepted" && result.value.duplicate)).toBe(
    true,
  );
  expect(again.map(sequenceOf)).toEqual(Array.from({ length: 2_000 }, (_, n) => n + 1));
}, 30_000);

test("requests that fail during a commit end only their call", async () => {
  await using opened = await startOrderServer();
  async function* failingRequests() {
    yield* requests(orders(0, 500));
    throw new Error("the source of the orders has failed");
  }
  const call = Array.fromAsync(createClient(OrderService, grpc(opened)).submitOrders(failingRequests()));
  await expect(call).rejects.toThrow();
  await opened.server.nextCall();
  expect((await submit(grpc(opened), [someOrder(1_000)]))[0]?.result.case).toBe("accepted");
});

function orders(from: number, to: number): Order[] {
  return Array.from({ length: to - from }, (_, n) => someOrder(from + n));
}

function grpc({ server }: OrderServer): Transport {
  return createGrpcTransport({ baseUrl: server.url });
}

async function* requests(some: Iterable<Order> | AsyncIterable<Order>) {
  for await (const order of some) yield { order };
}

function submit(transport: Transport, some: readonly Order[]): Promise<SubmitOrdersResponse[]> {
  return Array.fromAsync(createClient(OrderService, transport).submitOrders(requests(some)));
}

function sequenceOf({ result }: SubmitOrdersResponse): number {
  return result.case === "accepted" ? Number(result.value.sequence) : Number.NaN;
}
