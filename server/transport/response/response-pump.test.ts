import { connect } from "node:http2";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { WireService } from "../../../gen/test/wire/v1/wire_service_pb.ts";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";
import { call } from "../../../test/wire/wire-clients.ts";
import { setTrailer } from "../rpc/response-metadata.ts";

test("messages of every size arrive complete and in order", async () => {
  const sizes = [0, 1, 127, 128, 16_383, 16_384, 65_530, 65_536, 200_000, 3_000_000, 5, 70_000, 2];
  const sent = sizes.map((size, at) => String(at % 10).repeat(size));
  await using server = await startWireServer({
    async *sizes() {
      yield* sent;
    },
  });
  for (const transport of [
    createGrpcTransport({ baseUrl: server.url }),
    createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
  ]) {
    expect(await call(transport, "serverStream", "sizes").texts).toEqual(sent);
  }
});

test("concurrent streams do not mix their messages", async () => {
  await using server = await startWireServer({
    async *other() {
      for (let at = 0; at < 2_000; at++) {
        yield `${at} ${"x".repeat(at % 300)}`;
        if (at % 7 === 0) await new Promise(setImmediate);
      }
    },
  });
  const transport = createGrpcTransport({ baseUrl: server.url });
  const expected = Array.from({ length: 2_000 }, (_, at) => `${at} ${"x".repeat(at % 300)}`);
  const streams = await Promise.all(Array.from({ length: 20 }, () => call(transport, "serverStream", "other").texts));
  for (const texts of streams) expect(texts).toEqual(expected);
});

test("a message is sent immediately if no other is ready", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = await startWireServer({
    async *slow() {
      yield "first";
      await gate.promise;
      yield "second";
    },
  });
  const client = createClient(WireService, createGrpcTransport({ baseUrl: server.url }));
  const stream = client.serverStream({ scenario: "slow" })[Symbol.asyncIterator]();
  expect((await stream.next()).value?.text).toBe("first");
  gate.resolve();
  expect((await stream.next()).value?.text).toBe("second");
  expect((await stream.next()).done).toBe(true);
});

test("a client that does not read exerts back-pressure on the handler", async () => {
  let produced = 0;
  await using server = await startWireServer({
    async *endless() {
      for (;;) {
        produced++;
        yield "x".repeat(10_000);
      }
    },
  });
  const session = connect(server.url);
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.wire.v1.WireService/ServerStream",
    "content-type": "application/grpc+proto",
  });
  const message = Buffer.from([0, 0, 0, 0, 9, 10, 7, ...Buffer.from("endless")]);
  stream.end(message);
  await new Promise((resolve) => stream.once("response", resolve));
  // The window, the buffers of Node, and the collected bytes.
  let before = -1;
  while (before !== produced) {
    before = produced;
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  }
  expect(produced).toBeLessThan(100);
  session.destroy();
});

describe("with compression", () => {
  test("large messages are compressed, small ones are not, and their order is kept", async () => {
    const sent = ["small", "x".repeat(100_000), "small again", "y".repeat(5_000), "z".repeat(2_000_000), "end"];
    await using server = await startWireServer({
      async *mixed() {
        yield* sent;
      },
    });
    const options = { baseUrl: server.url, acceptCompression: [compressionGzip] };
    const ended = server.nextCall();
    const transport = createGrpcTransport(options);
    expect(await call(transport, "serverStream", "mixed").texts).toEqual(sent);
    expect((await ended).bytesOut).toBeLessThan(50_000);
    const http1 = createConnectTransport({ ...options, httpVersion: "1.1" });
    expect(await call(http1, "serverStream", "mixed").texts).toEqual(sent);
  });
});

describe("a message that cannot be sent", () => {
  test("ends the stream with the messages before it, its code and the trailers, and the handler cleans up", async () => {
    const cleanedUp = Promise.withResolvers<void>();
    await using server = await startWireServer(
      {
        async *growing(context) {
          setTrailer(context, { "x-tail": "1" });
          try {
            for (let size = 1; ; size *= 10) yield "x".repeat(size);
          } finally {
            cleanedUp.resolve();
          }
        },
      },
      { limits: { writeMaxBytes: 500 } },
    );
    const failure = call(createGrpcTransport({ baseUrl: server.url }), "serverStream", "growing").texts.catch(
      (error: unknown) => ConnectError.from(error),
    );
    const error = (await failure) as ConnectError;
    expect([error.code, error.metadata.get("x-tail")]).toEqual([Code.ResourceExhausted, "1"]);
    expect(error.rawMessage).toBe("message size 1003 is larger than configured writeMaxBytes 500");
    await cleanedUp.promise;
  });
});
