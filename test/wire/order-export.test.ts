import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test, vi } from "vitest";
import { DigestChain } from "../../client/order/digest-chain.ts";
import { Cancellations, type Order, OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { type ExportOrdersRequestSchema, OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { maxExports } from "../../server/order/order-service.ts";
import { encodeNewOrder } from "../../server/order/submit/encode-new-order.ts";
import { someOrder } from "../../server/order/testing/any-order.ts";
import { metadataNames } from "../../server/shared/metadata-names.ts";
import { type OrderServer, startOrderServer } from "./order-server.ts";
import { wires } from "./wire-clients.ts";

type Request = MessageInitShape<typeof ExportOrdersRequestSchema>;

const formats = [
  ...wires,
  {
    name: "Connect on HTTP/1.1 in JSON",
    transport: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  },
];

describe.each(formats)("$name", ({ transport }) => {
  test("exports all orders, with their number at the start and their digest at the end", async () => {
    await using opened = await openWith(700);
    const { header, trailer, orders } = await exportAll(transport(opened.server.url), {});
    expect(orders).toEqual(storedOrders(700));
    expect(header.get(metadataNames.totalCount)).toBe("700");
    expect(trailer.get(metadataNames.sentCount)).toBe("700");
    expect(trailer.get(metadataNames.sha256)).toBe(digestOf(orders));
  });

  test("exports in batches of the requested size, except the last", async () => {
    await using opened = await openWith(700);
    const { responses, orders, trailer } = await exportAll(transport(opened.server.url), { batchSize: 300 });
    expect(responses.map((response) => response.orders.length)).toEqual([300, 300, 100]);
    expect(orders).toEqual(storedOrders(700));
    expect(trailer.get(metadataNames.sha256)).toBe(digestOf(orders));
  });

  test("resumes at every token with the same digest at the end", async () => {
    await using opened = await openWith(40);
    const connection = transport(opened.server.url);
    for (const request of [{}, { filter: { cancellations: Cancellations.EXCLUDED }, batchSize: 3 }]) {
      const whole = await exportAll(connection, request);
      await opened.store.append([encodeNewOrder(someOrder(10_000 + opened.store.newest))]);
      const received: Order[] = [];
      for (const { orders, resumeToken } of whole.responses) {
        received.push(...orders);
        const rest = await exportAll(connection, { ...request, resumeToken });
        expect([...received, ...rest.orders]).toEqual(whole.orders);
        expect(rest.header.get(metadataNames.totalCount)).toBe(String(whole.orders.length));
        expect(rest.trailer.get(metadataNames.sentCount)).toBe(String(rest.orders.length));
        expect(rest.trailer.get(metadataNames.sha256)).toBe(whole.trailer.get(metadataNames.sha256));
        if (rest.responses.length > 0) expectCursorOfLast(rest);
      }
      expectCursorOfLast(whole);
    }
  });
});

test("refuses an export beyond the limit of concurrent exports, and accepts one after others have ended", {
  tags: ["slow"],
  timeout: 120_000,
}, async () => {
  await using opened = await openWith(2_000);
  const end = new AbortController();
  const started = Array.from({ length: maxExports }, () => Promise.withResolvers<void>());
  const readers = started.map(({ resolve }) =>
    createClient(OrderService, grpc(opened)).exportOrders({}, { signal: end.signal, onHeader: () => resolve() }),
  );
  for (const [index, reader] of readers.entries()) {
    void reader[Symbol.asyncIterator]().next().catch(started[index]?.reject);
  }
  await Promise.all(started.map(({ promise }) => promise));
  const refused = ConnectError.from(await exportAll(grpc(opened), {}).catch((error: unknown) => error));
  expect(refused.code).toBe(Code.ResourceExhausted);
  expect(refused.rawMessage).toBe(
    "limit of 1,000 concurrent exports per client reached; end some of yours, or wait until they have finished",
  );
  end.abort();
  const next = () => exportAll(grpc(opened), { batchSize: 1_000 });
  const { orders } = await vi.waitFor(next, { timeout: 20_000 });
  expect(orders.length).toBe(2_000);
});

test("an export of an empty store, or with a filter that matches no order, is empty", async () => {
  await using opened = await openWith(0);
  for (const request of [{}, { filter: { country: "Atlantis" } }]) {
    const { header, trailer, responses } = await exportAll(grpc(opened), request);
    expect(responses).toEqual([]);
    expect(header.get(metadataNames.totalCount)).toBe("0");
    expect(trailer.get(metadataNames.sentCount)).toBe("0");
    expect(trailer.get(metadataNames.sha256)).toBe("0".repeat(64));
    expect(trailer.get(metadataNames.cursor)).not.toBe("");
    await opened.store.append([encodeNewOrder(someOrder(1))]);
  }
});

test("the number of orders is sent before the first order, and orders that are added later are not exported", async () => {
  await using opened = await openWith(3_000);
  const header = Promise.withResolvers<Headers>();
  const stream = createClient(OrderService, grpc(opened)).exportOrders({}, { onHeader: header.resolve });
  const received: bigint[] = [];
  let added = 0;
  for await (const { orders } of stream) {
    if (received.length === 0) expect((await header.promise).get(metadataNames.totalCount)).toBe("3000");
    received.push(...orders.map(({ sequence }) => sequence));
    if (received.length % 500 === 0) await opened.store.append([encodeNewOrder(someOrder(5_000 + added++))]);
  }
  expect(added).toBe(6);
  expect(received).toEqual(Array.from({ length: 3_000 }, (_, n) => BigInt(n + 1)));
});

test("a response does not exceed the message limit, regardless of the batch size", async () => {
  await using opened = await startOrderServer();
  const description = "\u{1F600}".repeat(1_000);
  const orders = Array.from({ length: 1_500 }, (_, n) => someOrder(n, { description }));
  await opened.store.append(orders.map(encodeNewOrder));
  const { responses, trailer, orders: received } = await exportAll(grpc(opened), { batchSize: 1_000 });
  expect(received).toHaveLength(1_500);
  expect(responses.length).toBeGreaterThan(5);
  expect(trailer.get(metadataNames.sha256)).toBe(digestOf(received));
  const last = responses[2];
  const rest = await exportAll(grpc(opened), { batchSize: 7, resumeToken: last?.resumeToken ?? new Uint8Array() });
  expect(rest.trailer.get(metadataNames.sha256)).toBe(digestOf(received));
});

test("an aborted export reports its position, and resumes there", async () => {
  await using opened = await openWith(2_000);
  const leave = new AbortController();
  const received: Order[] = [];
  let token: Uint8Array = new Uint8Array();
  const stream = createClient(OrderService, grpc(opened)).exportOrders({}, { signal: leave.signal });
  const reading = async () => {
    for await (const { orders, resumeToken } of stream) {
      received.push(...orders);
      token = resumeToken;
      if (received.length === 1_000) leave.abort();
    }
  };
  await expect(reading()).rejects.toMatchObject({ code: Code.Canceled });
  const rest = await exportAll(grpc(opened), { resumeToken: token });
  expect([...received, ...rest.orders]).toEqual(storedOrders(2_000));
  expect(rest.trailer.get(metadataNames.sha256)).toBe(digestOf(storedOrders(2_000)));
});

describe("a resume token is refused", () => {
  test("with any byte changed", async () => {
    await using opened = await openWith(5);
    const { responses } = await exportAll(grpc(opened), {});
    const token = responses[2]?.resumeToken ?? new Uint8Array();
    for (let at = 0; at < token.length; at++) {
      const changed = token.with(at, (token[at] ?? 0) ^ 0x10);
      await expectRefused(opened, { resumeToken: changed }, /this server did not issue it, or it was changed/);
    }
    await expectRefused(opened, { resumeToken: token.subarray(1) }, /this server did not issue it/);
    await expectRefused(opened, { resumeToken: Buffer.from("made up") }, /this server did not issue it/);
    await expectRefused(opened, { resumeToken: new Uint8Array(513) }, /resume_token/);
  });

  test("with another filter, and accepted with another batch size", async () => {
    await using opened = await openWith(20);
    const filter = { country: "France" };
    const { responses, orders } = await exportAll(grpc(opened), { filter });
    const resumeToken = responses[1]?.resumeToken ?? new Uint8Array();
    for (const other of [undefined, {}, { country: "EIRE" }, { ...filter, customerId: "" }]) {
      await expectRefused(opened, { resumeToken, ...(other && { filter: other }) }, /belongs to another selection/);
    }
    const rest = await exportAll(grpc(opened), { filter, resumeToken, batchSize: 1_000 });
    expect(rest.orders).toEqual(orders.slice(2));
  });

  test("with OUT_OF_RANGE if the store has fewer orders than before", async () => {
    await using before = await openWith(20);
    await using after = await openWith(19);
    const { responses } = await exportAll(grpc(before), {});
    const call = exportAll(grpc(after), { resumeToken: responses[3]?.resumeToken ?? new Uint8Array() });
    await expect(call).rejects.toMatchObject({
      code: Code.OutOfRange,
      rawMessage: expect.stringContaining(
        "a store with 20 orders, but the store has only 19): start from the beginning, without a token",
      ),
    });
  });
});

test.each<[string, Request, string]>([
  ["an end before the start", { filter: { placedFrom: at(10), placedBefore: at(9) } }, "filter.placed_before"],
  ["an end at the start", { filter: { placedFrom: at(10), placedBefore: at(10) } }, "filter.placed_before"],
  ["an invalid time", { filter: { placedFrom: { nanos: -1 } } }, "filter.placed_from"],
  ["a country that is too long", { filter: { country: "x".repeat(101) } }, "filter.country"],
  ["a customer that is too long", { filter: { customerId: "x".repeat(65) } }, "filter.customer_id"],
  ["a product that is too long", { filter: { productCode: "x".repeat(65) } }, "filter.product_code"],
  ["cancellations that are unknown", { filter: { cancellations: 7 as Cancellations } }, "filter.cancellations"],
  ["a batch that is too large", { batchSize: 1_001 }, "batch_size"],
])("a request with %s is refused, with the field that is wrong", async (_what, request, field) => {
  await using opened = await openWith(1);
  const error = await expectRefused(opened, request, new RegExp(field.split(".").at(-1) ?? ""));
  const [detail] = error.findDetails(BadRequestSchema);
  expect(detail?.fieldViolations.map((violation) => violation.field)).toEqual([field]);
});

test("the summary has the count and the totals of the selected orders", async () => {
  await using opened = await openWith(1_000);
  const client = createClient(OrderService, grpc(opened));
  const all = await client.getOrderSummary({});
  expect(all).toMatchObject({ orderCount: 1_000n, newestSequence: 1_000n });
  expect(all.totals.map(({ currencyCode }) => currencyCode)).toEqual(["EUR", "GBP"]);
  const sum = (isMeant: (order: Order) => boolean) => {
    const quantity = storedOrders(1_000)
      .filter((order) => order.unitPrice?.currencyCode === "GBP" && isMeant(order))
      .reduce((quantity, order) => quantity + order.quantity, 0);
    return String((quantity * 255) / 100);
  };
  expect(all.totals[1]?.amount?.value).toBe(sum(() => true));
  const french = await client.getOrderSummary({ filter: { country: "France" } });
  expect(french.totals[1]?.amount?.value).toBe(sum(({ country }) => country === "France"));
  await expect(client.getOrderSummary({ filter: { placedFrom: at(2), placedBefore: at(1) } })).rejects.toMatchObject({
    code: Code.InvalidArgument,
  });
});

async function openWith(count: number): Promise<OrderServer> {
  const opened = await startOrderServer();
  await opened.store.append(Array.from({ length: count }, (_, n) => encodeNewOrder(someOrder(n))));
  return opened;
}

function storedOrders(count: number): Order[] {
  return Array.from({ length: count }, (_, n) => someOrder(n, { sequence: BigInt(n + 1) }));
}

function at(seconds: number) {
  return { seconds: BigInt(seconds) };
}

function grpc({ server }: OrderServer): Transport {
  return createGrpcTransport({ baseUrl: server.url });
}

async function exportAll(transport: Transport, request: Request) {
  let [header, trailer] = [new Headers(), new Headers()];
  const options: CallOptions = {
    onHeader: (received) => {
      header = received;
    },
    onTrailer: (received) => {
      trailer = received;
    },
  };
  const responses = await Array.fromAsync(createClient(OrderService, transport).exportOrders(request, options));
  return { header, trailer, responses, orders: responses.flatMap(({ orders }) => orders) };
}

async function expectRefused(opened: OrderServer, request: Request, message: RegExp): Promise<ConnectError> {
  const error = ConnectError.from(await exportAll(grpc(opened), request).catch((reason: unknown) => reason));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(error.rawMessage).toMatch(message);
  return error;
}

function digestOf(orders: readonly Order[]): string {
  const chain = new DigestChain();
  for (const order of orders) chain.add(toBinary(OrderSchema, create(OrderSchema, order)));
  return chain.hex;
}

function expectCursorOfLast({ responses, trailer }: Awaited<ReturnType<typeof exportAll>>): void {
  const token = Buffer.from(responses.at(-1)?.resumeToken ?? []).toString("base64");
  expect(trailer.get(metadataNames.cursor)).toBe(token);
}
