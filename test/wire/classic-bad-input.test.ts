import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { expect, onTestFinished, test, vi } from "vitest";
import { AllStreamRequestSchema } from "../../gen/classic/helloworld/all_stream_pb.ts";
import { ClientStreamRequestSchema } from "../../gen/classic/helloworld/client_stream_pb.ts";
import { ListValueRequestSchema } from "../../gen/classic/proto/stream_server_pb.ts";
import { SumDataRequestSchema, SumDataResponseSchema } from "../../gen/classic/proto/stream_service_pb.ts";
import { GetProductsRequestSchema } from "../../gen/classic/services/product_info_pb.ts";
import { defaultLimits } from "../../server/transport/protection/default-limits.ts";
import { type ClassicServer, startClassicServer } from "./classic-server.ts";

const million = 1_000_000;

test("a million numbers are summed one by one while both sides send", {
  tags: ["slow"],
  timeout: 60_000,
}, async () => {
  await using classic = await startClassicServer({ demo: false });
  const stream = open(classic, "proto.StreamService/SumData");
  const counts: number[] = [];
  const read = readEnvelopes(stream, (message) => counts.push(fromBinary(SumDataResponseSchema, message).number));
  const thousand = Buffer.concat(Array.from({ length: 1_000 }, () => envelope(SumDataRequestSchema, { number: -3 })));
  for (let sent = 0; sent < million; sent += 1_000) {
    if (!stream.write(thousand)) await new Promise((resolve) => stream.once("drain", resolve));
  }
  stream.end();
  expect((await read)["grpc-status"]).toBe("0");
  expect(counts).toHaveLength(million + 1);
  expect(counts.every((count, at) => count === at)).toBe(true);
  expect(classic.lines).toEqual([{ facts: { sum: "-3000000", count: million }, text: "summed numbers" }]);
});

test("back-pressure stops a client that sends numbers and does not read, and its memory is freed when it disconnects", async () => {
  await using classic = await startClassicServer({ demo: false });
  const stream = open(classic, "proto.StreamService/SumData", { initialWindowSize: 0 });
  const numbers = 600_000;
  stream.write(Buffer.concat(Array(numbers).fill(envelope(SumDataRequestSchema, { number: 1 }))));
  await once(stream, "ready");
  await sendsNoMore(stream);
  const ended = classic.server.nextCall();
  stream.session?.destroy();
  const { code, bytesIn } = await ended;
  expect(code).toBe("canceled");
  // At most the flow-control window and the requests whose responses fit into the server's buffers.
  expect(bytesIn).toBeGreaterThan(0);
  expect(bytesIn).toBeLessThan(2 * defaultLimits.streamWindowBytes);
  await vi.waitFor(() => expect(classic.lines).toHaveLength(1));
});

test.each([
  ["services.ProductInfo/getProducts", envelope(GetProductsRequestSchema, { size: 1_000 }), "canceled"],
  ["proto.StreamServer/ListValue", envelope(ListValueRequestSchema, { data: "ACME" }), "canceled"],
  ["helloworld.AllStreamServer/AllStream", envelope(AllStreamRequestSchema, { data: "x" }), "ok"],
])(
  "a client of %s that does not read uses no memory beyond its call, which ends when the client disconnects",
  async (method, request, outcome) => {
    await using classic = await startClassicServer();
    const stream = open(classic, method, { initialWindowSize: 0 });
    stream.end(request);
    stream.pause();
    await vi.waitFor(() => expect(classic.server.activeCalls).toBe(1));
    // Each quote replaces the previous one, so nothing accumulates.
    for (let bid = 0; bid < 10_000; bid += 100) classic.publish(...Array.from({ length: 100 }, (_, at) => bid + at));
    const ended = classic.server.nextCall();
    stream.destroy();
    expect((await ended).code).toBe(outcome);
    expect(classic.hub.subscriberCount).toBe(0);
  },
);

test.each([
  ["services.ProductInfo/getProducts", "12", 0],
  ["proto.StreamServer/Route", "12", 0],
  ["proto.StreamServer/ListValue", "12", 0],
  ["helloworld.ServerStreamServer/ServerStream", "12", 0],
  ["techschool.pcbook.LaptopService/CreateLaptop", "12", 0],
  ["proto.StreamService/SumData", "0", 1],
  ["helloworld.ClientStreamServer/ClientStream", "0", 1],
  ["helloworld.AllStreamServer/AllStream", "0", 5],
])("a client of %s that half-closes immediately receives status %s and %i messages", async (method, status, count) => {
  await using classic = await startClassicServer();
  const stream = open(classic, method);
  stream.end();
  let messages = 0;
  const trailers = await readEnvelopes(stream, () => messages++);
  expect([trailers["grpc-status"], messages]).toEqual([status, count]);
});

test("a message that is too large is RESOURCE_EXHAUSTED with its size and the limit", async () => {
  await using classic = await startClassicServer({ demo: false });
  const stream = open(classic, "helloworld.ClientStreamServer/ClientStream");
  stream.on("error", () => {});
  const read = readEnvelopes(stream, () => {});
  stream.write(envelope(ClientStreamRequestSchema, { data: "x".repeat(defaultLimits.readMaxBytes) }));
  const trailers = await read;
  expect(trailers["grpc-status"]).toBe("8");
  expect(decodeURIComponent(String(trailers["grpc-message"]))).toMatch(/4194309.*1064964/);
});

test("every call is logged with its method, its outcome and its duration", async () => {
  await using classic = await startClassicServer({ demo: false });
  const ended = classic.server.nextCall();
  const stream = open(classic, "services.ProductInfo/getProducts");
  stream.end(envelope(GetProductsRequestSchema, { size: 0 }));
  await readEnvelopes(stream, () => {});
  expect(await ended).toMatchObject({
    method: "services.ProductInfo/getProducts",
    code: "invalid_argument",
    durationMs: expect.any(Number),
  });
});

/** Resolves when a client has sent nothing during many pings, because the server does not read. */
async function sendsNoMore({ session }: ClientHttp2Stream): Promise<void> {
  for (let calm = 0; calm < 50; ) {
    const before = session?.state.remoteWindowSize;
    await new Promise<void>((resolve) => session?.ping(() => resolve()));
    calm = session?.state.remoteWindowSize === before ? calm + 1 : 0;
  }
}

/** Opens a raw gRPC call with the HTTP/2 settings of the client. */
function open(classic: ClassicServer, method: string, settings = {}): ClientHttp2Stream {
  const session: ClientHttp2Session = connect(classic.server.url, { settings, maxHeaderListPairs: 2_000 });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": `/${method}`,
    "content-type": "application/grpc+proto",
    te: "trailers",
  });
  stream.on("error", () => {});
  return stream;
}

function envelope<Desc extends DescMessage>(schema: Desc, fields: MessageInitShape<Desc>): Buffer {
  const message = toBinary(schema, create(schema, fields));
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** Reads to the end, and resolves to the headers and trailers. */
async function readEnvelopes(stream: ClientHttp2Stream, see: (message: Buffer) => void) {
  const seen: Record<string, unknown> = {};
  stream.on("response", (header) => Object.assign(seen, header));
  stream.on("trailers", (trailer) => Object.assign(seen, trailer));
  let rest = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= 5 && rest.length - at >= 5 + rest.readUInt32BE(at + 1)) {
      const end = at + 5 + rest.readUInt32BE(at + 1);
      see(rest.subarray(at + 5, end));
      at = end;
    }
    rest = rest.subarray(at);
  });
  await new Promise((resolve) => stream.once("close", resolve));
  return seen;
}
