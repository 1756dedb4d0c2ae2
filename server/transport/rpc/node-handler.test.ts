import { type ClientHttp2Session, connect, constants } from "node:http2";
import { setTimeout } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, onTestFinished, test } from "vitest";
import { openRawSocket } from "../../../test/wire/raw-socket.ts";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";
import { call } from "../../../test/wire/wire-clients.ts";
import { metadataBytes, sendHeader, setTrailer, trailerCapacity } from "./response-metadata.ts";

describe("gRPC", () => {
  test("sends each value of a key as a separate header field", async () => {
    await using server = await startWireServer({
      async *repeat(context) {
        sendHeader(context, { "x-many": ["a", "b"], "x-bin": [Uint8Array.of(1), Uint8Array.of(2)] });
        setTrailer(context, { "x-tail": "1" });
        setTrailer(context, { "x-tail": "2" });
        yield "done";
      },
    });
    const response = await grpcCall(server.url, "repeat");
    expect(linesOf(response.rawHeader, "x-many")).toEqual(["a", "b"]);
    expect(linesOf(response.rawHeader, "x-bin")).toEqual(["AQ", "Ag"]);
    expect(linesOf(response.rawTrailer, "x-tail")).toEqual(["1", "2"]);
    expect(linesOf(response.rawTrailer, "grpc-status")).toEqual(["0"]);
  });

  test("is refused on HTTP/1.1, with the remedy", async () => {
    await using server = await startWireServer({});
    const response = await fetch(`${server.url}/test.wire.v1.WireService/Unary`, {
      method: "POST",
      headers: { "content-type": "application/grpc" },
      body: new Uint8Array(5),
    });
    expect([response.status, await response.text()]).toEqual([505, expect.stringContaining("gRPC needs HTTP/2")]);
  });
});

describe("an unknown method", () => {
  test("is UNIMPLEMENTED on gRPC", async () => {
    await using server = await startWireServer({});
    const { rawHeader } = await grpcCall(server.url, "", "/test.wire.v1.WireService/Nothing");
    expect(linesOf(rawHeader, "grpc-status")).toEqual(["12"]);
    expect(decodeURIComponent(linesOf(rawHeader, "grpc-message").join())).toMatch(/no method is served at .*Nothing/);
  });

  test("is 404 with an unimplemented error on Connect", async () => {
    await using server = await startWireServer({});
    const response = await post(server.url, "/test.wire.v1.WireService/Nothing", "{}");
    expect([response.status, await response.json()]).toEqual([404, expect.objectContaining({ code: "unimplemented" })]);
  });
});

test.each([
  ["application/xml", "<a/>", 415],
  ["application/json", "{", 400],
  ["application/json", '{"unknown": 1', 400],
])("a unary call with %s of %j gets status %i", async (contentType, body, status) => {
  await using server = await startWireServer({});
  const response = await fetch(`${server.url}/test.wire.v1.WireService/Unary`, {
    method: "POST",
    headers: { "content-type": contentType },
    body,
  });
  expect(response.status).toBe(status);
});

test("a unary call without side effects can be a GET", async () => {
  await using server = await startWireServer({
    async *hello() {
      yield "hello";
    },
  });
  const message = encodeURIComponent('{"scenario":"hello"}');
  const response = await fetch(
    `${server.url}/test.wire.v1.WireService/Unary?connect=v1&encoding=json&message=${message}`,
  );
  expect(await response.json()).toEqual({ text: "hello" });
});

test("a message over the limit is RESOURCE_EXHAUSTED", async () => {
  await using server = await startWireServer({}, { limits: { readMaxBytes: 1_000 } });
  const response = await post(
    server.url,
    "/test.wire.v1.WireService/Unary",
    JSON.stringify({ text: "x".repeat(2_000) }),
  );
  expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
});

test("a call whose handler ignores its signal is answered a second after the deadline", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = await startWireServer({
    async *ignoring() {
      await gate.promise;
      yield "late";
    },
  });
  // A raw request, because a Connect client does not wait for the server's response after the deadline.
  const response = await post(server.url, "/test.wire.v1.WireService/Unary", '{"scenario":"ignoring"}', {
    "connect-timeout-ms": "10",
  });
  expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
  gate.resolve();
});

test("a call whose deadline ends a wait of Node's fails with the deadline, and is recorded so", async () => {
  await using server = await startWireServer({
    async *wait(context) {
      await setTimeout(60_000, undefined, { signal: context.signal });
      yield "late";
    },
  });
  const ended = server.nextCall();
  const response = await post(server.url, "/test.wire.v1.WireService/Unary", '{"scenario":"wait"}', {
    "connect-timeout-ms": "10",
  });
  expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
  expect((await ended).code).toBe("deadline_exceeded");
});

test("an HTTP/1.1 client keeps its connection if it receives the response before a large request is read", async () => {
  await using server = await startWireServer(
    {
      async *hello() {
        yield "hello";
      },
    },
    { limits: { readMaxBytes: 1_000 } },
  );
  const send = (body: string) =>
    `POST /test.wire.v1.WireService/Unary HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`;
  using raw = await openRawSocket(server.port);
  raw.send(send(JSON.stringify({ text: "x".repeat(2_000_000) })));
  await raw.until("resource_exhausted");
  raw.send(send('{"scenario":"hello"}'));
  expect(await raw.until('"hello"')).toMatch(/resource_exhausted.*hello/s);
});

test("a client that disconnects during a pending write ends the handler, which cleans up", async () => {
  const cleanedUp = Promise.withResolvers<void>();
  await using server = await startWireServer({
    async *endless() {
      try {
        for (;;) yield "x".repeat(100_000);
      } finally {
        cleanedUp.resolve();
      }
    },
  });
  const session = connectTo(server.url);
  const stream = session.request(grpcRequestTo("/test.wire.v1.WireService/ServerStream"));
  stream.on("error", () => {});
  stream.end(envelope("endless"));
  await new Promise((resolve) => stream.once("response", resolve));
  stream.close(constants.NGHTTP2_CANCEL);
  const ended = server.nextCall();
  await cleanedUp.promise;
  expect((await ended).code).toBe("canceled");
  expect(server.activeCalls).toBe(0);
});

describe("shutdown", () => {
  test("ends streams with UNAVAILABLE and their trailers, and lets unary calls finish", async () => {
    const unaryRuns = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    await using server = await startWireServer({
      async *watch(context) {
        yield "first";
        try {
          await new Promise((_, reject) => {
            context.signal.addEventListener("abort", () => reject(context.signal.reason));
          });
        } finally {
          setTrailer(context, { "x-cursor": "17" });
        }
      },
      async *work() {
        unaryRuns.resolve();
        await gate.promise;
        yield "finished";
      },
    });
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "2" });
    const watch = call(transport, "serverStream", "watch");
    await watch.header;
    const unary = call(transport, "unary", "work");
    await unaryRuns.promise;
    const closed = server.close(5_000);
    const error = ConnectError.from(await watch.texts.catch((reason: unknown) => reason));
    expect([error.code, error.metadata.get("x-cursor")]).toEqual([Code.Unavailable, "17"]);
    gate.resolve();
    expect(await unary.texts).toEqual(["finished"]);
    expect(await closed).toBe(true);
  });

  test("closes open connections after the grace period", async () => {
    const runs = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    await using server = await startWireServer({
      async *slow() {
        runs.resolve();
        await gate.promise;
        yield "late";
      },
    });
    const unary = call(createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }), "unary", "slow");
    const failed = unary.texts.catch((reason: unknown) => ConnectError.from(reason).code);
    await runs.promise;
    expect(await server.close(20)).toBe(false);
    expect(await failed).toBe(Code.Aborted);
    gate.resolve();
  });
});

describe("trailerCapacity", () => {
  test.each([
    ["gRPC, if the client announces a limit", { maxHeaderListSize: 2_000 }, "application/grpc+json", 2_000 - 512 - 40],
    ["gRPC, if the client announces none", {}, "application/grpc+json", 65_536 - 40],
    ["gRPC, if the client accepts none", { maxHeaderListSize: 100 }, "application/grpc+json", 0],
    [
      "gRPC-Web, whose trailers are part of the body",
      { maxHeaderListSize: 2_000 },
      "application/grpc-web+json",
      65_536 - 40,
    ],
  ])("is the space that the client accepts over %s", async (_how, settings, contentType, capacity) => {
    let seen: number | undefined;
    await using server = await startWireServer({
      async *capacity(context) {
        const trailer = { "x-tail": "12" };
        expect(metadataBytes(trailer)).toBe(40);
        setTrailer(context, trailer);
        seen = trailerCapacity(context);
        yield "done";
      },
    });
    const session = connect(server.url, { settings });
    session.on("error", () => {});
    onTestFinished(() => session.destroy());
    const path = "/test.wire.v1.WireService/ServerStream";
    const stream = session.request({ ...grpcRequestTo(path), "content-type": contentType });
    stream.end(envelope("capacity"));
    stream.resume();
    await new Promise((resolve) => stream.once("close", resolve));
    expect(seen).toBe(capacity);
  });
});

test("the record of a call has the bytes and messages on the wire", async () => {
  await using server = await startWireServer({
    async *three() {
      yield* ["a", "b", "c"];
    },
  });
  const ended = server.nextCall();
  await call(createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }), "serverStream", "three").texts;
  expect(await ended).toMatchObject({
    method: "test.wire.v1.WireService/ServerStream",
    protocol: "connect",
    httpVersion: "1.1",
    peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    code: "ok",
    messagesIn: 1,
    messagesOut: 3,
    // An envelope has a prefix of 5 bytes, each response 3 bytes, and the end of the stream 2.
    bytesIn: 5 + 7,
    bytesOut: 3 * (5 + 3) + 5 + 2,
  });
});

function post(url: string, path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
}

function connectTo(url: string): ClientHttp2Session {
  const session = connect(url);
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

function grpcRequestTo(path: string) {
  return { ":method": "POST", ":path": path, "content-type": "application/grpc+json", te: "trailers" };
}

function envelope(scenario: string): Buffer {
  const message = Buffer.from(JSON.stringify({ scenario }));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Makes a raw gRPC call, because Connect's client joins header fields, as `Headers` does. */
async function grpcCall(url: string, scenario: string, path = "/test.wire.v1.WireService/ServerStream") {
  const stream = connectTo(url).request(grpcRequestTo(path));
  let rawHeader: string[] = [];
  let rawTrailer: string[] = [];
  stream.on("response", (_headers, _flags, raw: string[]) => {
    rawHeader = raw;
  });
  stream.on("trailers", (_headers, _flags, raw: string[]) => {
    rawTrailer = raw;
  });
  stream.end(envelope(scenario));
  stream.resume();
  await new Promise((resolve) => stream.once("close", resolve));
  return { rawHeader, rawTrailer };
}

function linesOf(raw: readonly string[], key: string): string[] {
  return raw.filter((_, at) => at % 2 === 1 && raw[at - 1] === key);
}
