import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { StreamService, type UploadFileRequestSchema } from "../../gen/classic/proto/stream_service_pb.ts";
import { maxFiles, maxFilesBytes } from "../../server/classic/stream/upload-files.ts";
import { encodeNewOrder } from "../../server/order/submit/encode-new-order.ts";
import { anyOrder } from "../../server/order/testing/any-order.ts";
import { type ClassicServer, startClassicServer } from "./classic-server.ts";

type Request = MessageInitShape<typeof UploadFileRequestSchema>;

let classic: ClassicServer;

beforeAll(async () => {
  classic = await startClassicServer({ demo: false });
});

afterAll(() => classic?.[Symbol.asyncDispose]());

describe("OrderList", () => {
  test("is empty without stored orders", async () => {
    expect(await listOrders()).toEqual([]);
  });

  test("sends every order in sequence, with its number and its time to the second", async () => {
    const begun = classic.orders.newest;
    const times = ["2011-12-09T12:50:00Z", "2010-12-01T08:26:59.999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"];
    await classic.orders.append(times.map((time, at) => encodeNewOrder(orderAt(`key ${at}`, `5365${at}`, time))));
    expect((await listOrders()).slice(begun)).toEqual([
      [begun + 1, "53650", "2011-12-09 12:50:00"],
      [begun + 2, "53651", "2010-12-01 08:26:59"],
      [begun + 3, "53652", "0001-01-01 00:00:00"],
      [begun + 4, "53653", "9999-12-31 23:59:59"],
    ]);
  });

  test("sends any order, over several pages", async () => {
    const orders =
      fc.sample(fc.uniqueArray(anyOrder, { minLength: 700, selector: ({ key }) => key }), { numRuns: 1, seed: 5 })[0] ??
      [];
    const begun = classic.orders.newest;
    await classic.orders.append(orders.map(encodeNewOrder));
    const listed = (await listOrders()).slice(begun);
    expect(listed.map(([id, number]) => [id, number])).toEqual(
      orders.map(({ orderNumber }, at) => [begun + at + 1, orderNumber]),
    );
    for (const [, , date] of listed) expect(date).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  test("ends if the client cancels", async () => {
    const leave = new AbortController();
    const ended = classic.server.nextCall();
    const read = async () => {
      for await (const _ of createClient(StreamService, grpc()).orderList({}, { signal: leave.signal })) leave.abort();
    };
    await expect(read()).rejects.toMatchObject({ code: Code.Canceled });
    expect((await ended).method).toBe("proto.StreamService/OrderList");
  });
});

describe("UploadFile", () => {
  test("stores each file as an upload without a product, returns an empty response, and logs the number of files", async () => {
    const lines = classic.lines.length;
    await uploadFile(file("a.txt", "one"), file("../../etc/b.txt", "zwei ü"), file("", ""));
    const { uploads } = await classic.uploads.list({ phases: ["complete"], productId: "", limit: 3 });
    expect(uploads.map(({ fileName, size, productId }) => [fileName, size, productId])).toEqual([
      ["", 0, ""],
      ["b.txt", 7, ""],
      ["a.txt", 3, ""],
    ]);
    expect(classic.lines.slice(lines)).toEqual([{ facts: { files: 3, bytes: 10 }, text: "stored files" }]);
  });

  test("accepts an empty stream", async () => {
    await uploadFile();
    expect(classic.lines.at(-1)).toEqual({ facts: { files: 0, bytes: 0 }, text: "stored files" });
  });

  test("accepts a total of 4 MiB, and not a byte more", async () => {
    const half = file("half.txt", "x".repeat(maxFilesBytes / 2));
    await uploadFile(half, half, file("none.txt", ""));
    const error = await errorOf(uploadFile(half, half, file("one.txt", "x")));
    expect([error.code, error.rawMessage]).toEqual([
      Code.ResourceExhausted,
      expect.stringContaining("limit of 4,194,304 bytes of files per call exceeded: the call has at least 4,194,305"),
    ]);
    expect(classic.lines.at(-1)?.facts).toEqual({ files: 2, bytes: maxFilesBytes });
  });

  test("accepts 1,000 files, and not one more", { tags: ["slow"], timeout: 60_000 }, async () => {
    const files = Array.from({ length: maxFiles }, (_, at) => file(`${at}.txt`, "x"));
    const error = await errorOf(uploadFile(...files, file("more.txt", "x")));
    expect([error.code, error.rawMessage]).toEqual([
      Code.ResourceExhausted,
      expect.stringContaining("limit of 1,000 files per call exceeded: the call has at least 1,001"),
    ]);
    expect(classic.lines.at(-1)?.facts).toEqual({ files: 1_000, bytes: 1_000 });
  });

  test("ends a call after the idle timeout of its client", async () => {
    async function* requests() {
      yield file("before.txt", "x");
      await new Promise(() => {});
    }
    await using impatient = await startClassicServer({ demo: false, idleTimeoutMs: 200 });
    const transport = createGrpcTransport({ baseUrl: impatient.server.url });
    const error = await errorOf(createClient(StreamService, transport).uploadFile(requests()));
    expect([error.code, error.rawMessage]).toEqual([
      Code.DeadlineExceeded,
      expect.stringContaining("no message arrived for 0.2 s"),
    ]);
    const { uploads } = await impatient.uploads.list({ phases: ["complete"], productId: "", limit: 1 });
    expect(uploads[0]?.fileName).toBe("before.txt");
    expect(impatient.lines).toEqual([{ facts: { files: 1, bytes: 1 }, text: "stored files" }]);
  });

  test.each<[string, Request, string]>([
    ["a request without a file", {}, "image: is missing"],
    ["a name with control characters", file("a\nb.txt", "x"), "image.fileName: has control characters"],
    ["a very long name", file("x".repeat(300), "x"), "image.fileName: has 300 bytes"],
  ])("refuses %s, and keeps earlier files", async (_what, request, message) => {
    const error = await errorOf(uploadFile(file("before.txt", "x"), request));
    expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, expect.stringContaining(message)]);
    expect(classic.lines.at(-1)?.facts).toEqual({ files: 1, bytes: 1 });
  });
});

function grpc() {
  return createGrpcTransport({ baseUrl: classic.server.url });
}

async function listOrders() {
  const listed = await Array.fromAsync(createClient(StreamService, grpc()).orderList({}));
  return listed.map(({ order }) => [order?.id, order?.orderSn, order?.date] as const);
}

function orderAt(key: string, orderNumber: string, time: string) {
  return create(OrderSchema, {
    key,
    orderNumber,
    productCode: "22423",
    quantity: 1,
    unitPrice: { currencyCode: "GBP", units: 1n },
    country: "France",
    placedAt: timestampFromMs(Date.parse(time)),
  });
}

function file(fileName: string, text: string): Request {
  return { image: { fileName, file: text } };
}

async function uploadFile(...files: readonly Request[]): Promise<void> {
  async function* requests() {
    yield* files;
  }
  await createClient(StreamService, grpc()).uploadFile(requests());
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => {
      throw new Error("the call has succeeded");
    },
    (error: unknown) => ConnectError.from(error),
  );
}
