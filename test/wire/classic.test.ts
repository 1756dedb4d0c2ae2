import { connect } from "node:http2";
import { toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { AsyncQueue } from "../../client/shared/testing/async-queue.ts";
import { AllStreamServer } from "../../gen/classic/helloworld/all_stream_pb.ts";
import { ClientStreamServer } from "../../gen/classic/helloworld/client_stream_pb.ts";
import { ServerStreamServer } from "../../gen/classic/helloworld/server_stream_pb.ts";
import { LaptopService } from "../../gen/classic/pcbook/laptop_service_pb.ts";
import { StreamServer } from "../../gen/classic/proto/stream_server_pb.ts";
import { StreamService } from "../../gen/classic/proto/stream_service_pb.ts";
import { GetProductsRequestSchema, ProductInfo } from "../../gen/classic/services/product_info_pb.ts";
import { maxJoinedBytes } from "../../server/classic/stream/helloworld-services.ts";
import { type ClassicServer, classicNow, startClassicServer } from "./classic-server.ts";

/** The server of most tests. Tests of the store, the log or the time start a separate one. */
let classic: ClassicServer;

beforeAll(async () => {
  classic = await startClassicServer();
});

afterAll(() => classic?.[Symbol.asyncDispose]());

const chosenId = "0d6c5e39-4d3e-4d11-8a0c-bb2f5a4f0c02";

describe("ProductInfo/getProducts", () => {
  test("sends the header, the requested number of products at one per second, and a trailer for each", async () => {
    await using classic = await startClassicServer();
    const { header, trailer, products } = await getProducts(classic, 3);
    expect(header.get("token")).toBe("hello");
    expect(products).toEqual([
      [1, "Kestrel Air 13 (U5 3100, 16 GB, 512 GB)"],
      [2, expect.stringMatching(/^Kestrel Air 13/)],
      [3, expect.stringMatching(/^Kestrel/)],
    ]);
    expect(endsOf(trailer)).toEqual(["end1=end1", "end2=end2", "end3=end3"]);
    expect(classic.time.timers.now()).toBe(2_000);
  });

  test("appends a number to repeated names if the catalogue is too small, and numbers products if it is empty", async () => {
    await using classic = await startClassicServer({ demo: false });
    expect((await getProducts(classic, 2)).products).toEqual([
      [1, "Product 1"],
      [2, "Product 2"],
    ]);
    for (const name of ["Lamp", "Desk"]) await createLaptop(classic, { name });
    expect((await getProducts(classic, 5)).products.map(([, name]) => name)).toEqual([
      "Lamp",
      "Desk",
      "Lamp 2",
      "Desk 2",
      "Lamp 3",
    ]);
  });

  test.each([0, -1, 1_001, 2 ** 31 - 1])("refuses a size of %i", async (size) => {
    const error = await errorOf(getProducts(classic, size));
    expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, expect.stringContaining("size")]);
  });

  test("keeps the trailers of the sent messages when the stream breaks", async () => {
    const messageDelay = () => Promise.reject(new ConnectError("retry later", Code.Unavailable));
    await using classic = await startClassicServer({ messageDelay });
    const error = await errorOf(getProducts(classic, 5));
    expect([error.code, endsOf(error.metadata)]).toEqual([Code.Unavailable, ["end1=end1"]]);
  });

  test.each([
    ["gRPC-Web", (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
    ["Connect", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ])("sends 1,000 trailers over %s, which sends them in the body", async (_name, transport) => {
    const { trailer, products } = await getProducts(classic, 1_000, transport(classic.server.url));
    expect([products.length, endsOf(trailer).length]).toEqual([1_000, 1_000]);
  });

  test("refuses more trailers than a client accepts, with an acceptable number, which then succeeds", async () => {
    const refused = await rawGetProducts(classic, 1_000, 4_096);
    // 40 bytes for each of the first nine, and 42 for each of those with two digits; 512 are reserved for the status.
    expect(refused).toMatchObject({
      status: "8",
      message:
        "size: the trailers of 1000 products exceed the client's limit of 3584 bytes; request 85 products or fewer",
      ends: 0,
    });
    expect(refused.token).toBeUndefined();
    expect(await rawGetProducts(classic, 85, 4_096)).toMatchObject({ status: "0", ends: 85, token: "hello" });
  });

  test("sends 1,000 trailers to a client that announces no limit", async () => {
    expect(await rawGetProducts(classic, 1_000)).toMatchObject({ status: "0", ends: 1_000 });
  });
});

describe("StreamServer", () => {
  test("Route returns 200 and the sent value", async () => {
    expect(await createClient(StreamServer, grpc(classic)).route({ data: "ping" })).toMatchObject({
      code: 200,
      value: "ping",
    });
  });

  test.each(["value ", ""])("ListValue follows %j with 0 to 4", async (data) => {
    const values = await valuesOf(createClient(StreamServer, grpc(classic)).listValue({ data }));
    expect(values).toEqual([0, 1, 2, 3, 4].map((digit) => `${data}${digit}`));
  });

  test("ListValue of a symbol sends its newest quote and the following ones until the client cancels", async () => {
    await using classic = await startClassicServer();
    classic.publish(1.25);
    const leave = new AbortController();
    const stream = createClient(StreamServer, grpc(classic)).listValue({ data: "ACME" }, { signal: leave.signal });
    const values = stream[Symbol.asyncIterator]();
    const next = async () => (await values.next()).value?.streamValue;
    expect(await next()).toBe("ACME bid 1.25 ask - last 1.5 at 2026-01-05T14:30:00.000000Z");
    classic.publish(1.5);
    expect(await next()).toMatch(/^ACME bid 1.5 /);
    const ended = classic.server.nextCall();
    leave.abort();
    await expect(next()).rejects.toThrow();
    expect((await ended).code).toBe("canceled");
    expect(classic.hub.subscriberCount).toBe(0);
  });

  test("ListValue of a symbol without a quote opens the stream immediately, and waits", async () => {
    await using classic = await startClassicServer();
    const opened = Promise.withResolvers<void>();
    const client = createClient(StreamServer, grpc(classic));
    const stream = client.listValue({ data: "ACME" }, { onHeader: () => opened.resolve() });
    const values = stream[Symbol.asyncIterator]();
    const first = values.next();
    await opened.promise;
    classic.publish(7);
    expect((await first).value?.streamValue).toMatch(/^ACME bid 7 /);
  });
});

describe("StreamService/SumData", () => {
  test("sums while the stream is open, and logs the sum and the count", async () => {
    await using classic = await startClassicServer();
    const numbers = new AsyncQueue<{ number: number }>();
    const answers = createClient(StreamService, grpc(classic)).sumData(numbers)[Symbol.asyncIterator]();
    const next = async () => (await answers.next()).value?.number;
    expect(await next()).toBe(0);
    for (const [at, number] of [5, -7, 2 ** 31 - 1].entries()) {
      numbers.push({ number });
      expect(await next()).toBe(at + 1);
    }
    numbers.close();
    expect(await next()).toBeUndefined();
    expect(classic.lines).toEqual([{ facts: { sum: "2147483645", count: 3 }, text: "summed numbers" }]);
  });
});

describe("helloworld", () => {
  test("ServerStream repeats its message five times", async () => {
    const answers = await Array.fromAsync(createClient(ServerStreamServer, grpc(classic)).serverStream({ data: "hi" }));
    expect(answers.map(({ data }) => data)).toEqual(["hi", "hi", "hi", "hi", "hi"]);
  });

  test.each([
    [["a", "b", "c"], "a,b,c"],
    [["", ""], ","],
    [[], ""],
  ])("ClientStream joins %j", async (texts, joined) => {
    expect(await clientStream(classic, texts)).toBe(joined);
  });

  test("ClientStream accepts 1 MiB with commas, and not a byte more", async () => {
    const half = "ä".repeat(maxJoinedBytes / 4);
    expect(await clientStream(classic, [half, half.slice(2), "xy"])).toHaveLength(maxJoinedBytes / 2 + 2);
    const error = await errorOf(clientStream(classic, [half, half.slice(2), "xy", ""]));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.rawMessage).toContain(
      "limit of 1,048,576 bytes of text per call exceeded: the call has at least 1,048,577",
    );
  });

  test("AllStream sends 0 to 4 at one per second, regardless of the client, and ends when both sides have ended", async () => {
    await using classic = await startClassicServer();
    const requests = new AsyncQueue<{ data: string }>();
    const answers = createClient(AllStreamServer, grpc(classic)).allStream(requests)[Symbol.asyncIterator]();
    const next = async () => (await answers.next()).value?.data;
    requests.push({ data: "first" });
    const heard: (string | undefined)[] = [];
    for (let at = 0; at < 5; at++) heard.push(await next());
    expect(heard).toEqual(["0", "1", "2", "3", "4"]);
    expect(classic.time.timers.now()).toBe(4_000);
    requests.push({ data: "still here" });
    const ended = classic.server.nextCall();
    requests.close();
    expect(await next()).toBeUndefined();
    expect(await ended).toMatchObject({ code: "ok", messagesIn: 2, messagesOut: 5 });
  });
});

describe("LaptopService/CreateLaptop", () => {
  test("creates a product of the catalogue with an id of the server or of the client", async () => {
    await using classic = await startClassicServer({ demo: false });
    const id = await createLaptop(classic, { name: "Air", brand: "Kestrel", priceUsd: 1999.99 });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await classic.catalogue.get(id)).toMatchObject({
      name: "Air",
      price: { currencyCode: "USD", units: 1999n, nanos: 990_000_000 },
      attributes: { case: "laptop", value: { brand: "Kestrel" } },
      updateTime: classicNow,
    });
    expect(await createLaptop(classic, { id: chosenId.toUpperCase(), name: "Pro" })).toBe(chosenId);
  });

  test.each([
    ["an id that is already in use", { id: chosenId, name: "Other" }, Code.AlreadyExists],
    ["an invalid id", { id: "laptop-1", name: "Air" }, Code.InvalidArgument],
    ["a price below 0", { name: "Air", priceUsd: -1 }, Code.InvalidArgument],
    ["a price that is not a number", { name: "Air", priceUsd: Number.NaN }, Code.InvalidArgument],
    ["a price outside of the range of Money", { name: "Air", priceUsd: 2 ** 63 }, Code.InvalidArgument],
    ["no name", {}, Code.InvalidArgument],
  ])("refuses %s", async (_what, laptop, code) => {
    await using classic = await startClassicServer({ demo: false });
    await createLaptop(classic, { id: chosenId, name: "Air" });
    expect((await errorOf(createLaptop(classic, laptop))).code).toBe(code);
    await using listing = await classic.catalogue.list();
    expect(listing.total).toBe(1);
  });

  test("refuses a request without a laptop", async () => {
    await using classic = await startClassicServer({ demo: false });
    const error = await errorOf(createClient(LaptopService, grpc(classic)).createLaptop({}));
    expect(error.code).toBe(Code.InvalidArgument);
  });
});

function grpc({ server }: ClassicServer) {
  return createGrpcTransport({ baseUrl: server.url });
}

async function getProducts(classic: ClassicServer, size: number, transport = grpc(classic)) {
  let header = new Headers();
  let trailer = new Headers();
  const options = {
    onHeader: (all: Headers) => {
      header = all;
    },
    onTrailer: (all: Headers) => {
      trailer = all;
    },
  };
  const products: [number, string][] = [];
  const client = createClient(ProductInfo, transport);
  for await (const { id, name } of client.getProducts({ size }, options)) products.push([id, name]);
  return { header, trailer, products };
}

/** Makes a raw call of a client that accepts any number of trailers, and can announce a limit of their size. */
async function rawGetProducts(classic: ClassicServer, size: number, maxHeaderListSize?: number) {
  const settings = maxHeaderListSize === undefined ? {} : { maxHeaderListSize };
  const session = connect(classic.server.url, { settings, maxHeaderListPairs: 2_000 });
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/services.ProductInfo/getProducts",
    "content-type": "application/grpc+proto",
    te: "trailers",
  });
  const request = toBinary(GetProductsRequestSchema, { $typeName: "services.GetProductsRequest", size });
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request]));
  const seen: Record<string, string> = {};
  let token: unknown;
  stream.on("response", (header) => {
    token = header.token;
    Object.assign(seen, header);
  });
  stream.on("trailers", (trailer) => Object.assign(seen, trailer));
  stream.resume();
  await new Promise((resolve) => stream.once("close", resolve));
  const ends = Object.entries(seen).filter(([name, value]) => name.startsWith("end") && name === value).length;
  return { status: seen["grpc-status"], message: decodeURIComponent(seen["grpc-message"] ?? ""), token, ends };
}

function endsOf(trailer: Headers): string[] {
  return [...trailer].filter(([name]) => name.startsWith("end")).map(([name, value]) => `${name}=${value}`);
}

async function createLaptop(classic: ClassicServer, laptop: object): Promise<string> {
  return (await createClient(LaptopService, grpc(classic)).createLaptop({ laptop })).id;
}

async function clientStream(classic: ClassicServer, texts: readonly string[]): Promise<string> {
  async function* requests() {
    for (const data of texts) yield { data };
  }
  return (await createClient(ClientStreamServer, grpc(classic)).clientStream(requests())).data;
}

async function valuesOf(responses: AsyncIterable<{ streamValue: string }>): Promise<string[]> {
  return (await Array.fromAsync(responses)).map(({ streamValue }) => streamValue);
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => {
      throw new Error("the call has succeeded");
    },
    (error: unknown) => ConnectError.from(error),
  );
}
