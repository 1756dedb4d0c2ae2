import { connect, constants } from "node:http2";
import { gzipSync } from "node:zlib";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openRawSocket } from "../../../test/wire/raw-socket.ts";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";
import { call } from "../../../test/wire/wire-clients.ts";
import { setHeader, setTrailer } from "../rpc/response-metadata.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
const unaryPath = "/test.wire.v1.WireService/Unary";

const hello = {
  async *hello() {
    yield "hello";
  },
};

describe("an HTTP/2 session", () => {
  test("that sends only its preface is closed", async () => {
    await using server = await startWireServer(hello, { limits: { openTimeoutMs: 50 } });
    using raw = await openRawSocket(server.port);
    raw.send(preface);
    await raw.closed;
    await vi.waitFor(() => expect(server.sessions).toBe(0));
  });

  test("without streams is closed after a timeout, even if it sends other frames", async () => {
    await using server = await startWireServer(hello, { limits: { idleTimeoutMs: 100 } });
    const session = connect(server.url);
    const pings = setInterval(() => session.destroyed || session.ping(() => {}), 10);
    onTestFinished(() => clearInterval(pings));
    const closed = new Promise((resolve) => session.once("close", resolve));
    const stream = session.request({ ":method": "POST", ":path": unaryPath, "content-type": "application/json" });
    stream.resume().end('{"scenario":"hello"}');
    await closed;
    expect(server.calls.map(({ code }) => code)).toEqual(["ok"]);
  });

  test("that floods with PINGs ends with ENHANCE_YOUR_CALM", async () => {
    await using server = await startWireServer(hello, { limits: { maxPingsPerSecond: 100 } });
    const session = connect(server.url, { maxOutstandingPings: 1_000 });
    session.on("error", () => {});
    const goneAway = new Promise<number>((resolve) => session.once("goaway", resolve));
    session.once("connect", () => {
      for (let at = 0; at < 500; at++) session.ping(() => {});
    });
    expect(await goneAway).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });

  test("whose peer does not answer a ping is closed, and its streams end", async () => {
    const running = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    await using server = await startWireServer(
      {
        async *wait(context) {
          running.resolve();
          context.signal.addEventListener("abort", () => ended.resolve());
          await ended.promise;
          yield "never";
        },
      },
      { limits: { keepAliveMs: 50 } },
    );
    using raw = await openRawSocket(server.port);
    raw.send(preface);
    // HEADERS of stream 1, by the indices of HPACK's static table where it has them, then DATA that ends it.
    const path = Buffer.from(unaryPath);
    const type = Buffer.from("application/json");
    const headers = Buffer.from([
      0x83,
      0x86,
      0x01,
      1,
      0x78,
      0x04,
      path.length,
      ...path,
      0x0f,
      0x10,
      type.length,
      ...type,
    ]);
    raw.send(Buffer.concat([Buffer.from([0, 0, headers.length, 1, 4, 0, 0, 0, 1]), headers]));
    const body = Buffer.from('{"scenario":"wait"}');
    raw.send(Buffer.concat([Buffer.from([0, 0, body.length, 0, 1, 0, 0, 0, 1]), body]));
    await running.promise;
    // The client answers no frame, like one without a network.
    await ended.promise;
    await raw.closed;
  });
});

describe("a request", () => {
  test("whose only message does not arrive in time is DEADLINE_EXCEEDED", async () => {
    await using server = await startWireServer(hello, { limits: { requestTimeoutMs: 50 } });
    using raw = await openRawSocket(server.port);
    raw.send(
      `POST ${unaryPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
    );
    expect(await raw.until("deadline_exceeded")).toContain("did not arrive within 0.05 s");
  });

  test("is RESOURCE_EXHAUSTED if too many calls are in progress", async () => {
    const gate = Promise.withResolvers<void>();
    const running = Promise.withResolvers<void>();
    const wait = {
      async *wait() {
        running.resolve();
        await gate.promise;
        yield "done";
      },
    };
    await using server = await startWireServer(wait, { limits: { maxActiveCalls: 1 } });
    const transport = createGrpcTransport({ baseUrl: server.url });
    const first = call(transport, "unary", "wait");
    await running.promise;
    await expect(call(transport, "serverStream", "wait").texts).rejects.toThrow(
      "[resource_exhausted] limit of 1 concurrent calls per client reached; end some of yours, or wait until they have finished",
    );
    gate.resolve();
    expect(await first.texts).toEqual(["done"]);
  });

  test.each([
    ["small", 1_500_000],
    ["large", 60_000_000],
  ])("with an excessive compression ratio is RESOURCE_EXHAUSTED (%s)", async (_size, bytes) => {
    const limits = { readMaxBytes: 100_000_000, maxCompressionRatio: 100 };
    await using server = await startWireServer(hello, { limits });
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const body = gzipSync(Buffer.alloc(bytes, " "));
    const response = await fetch(server.url + unaryPath, { method: "POST", headers, body });
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
  });

  test("with a usual compression ratio is accepted at any size", async () => {
    await using server = await startWireServer({
      async *echo(_context, requests) {
        for await (const { text } of requests) yield text;
        yield "done";
      },
    });
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const body = gzipSync(
      JSON.stringify({ scenario: "echo", text: Array.from({ length: 50_000 }, Math.random).join() }),
    );
    expect(body.byteLength).toBeGreaterThan(16 * 1024);
    const response = await fetch(server.url + unaryPath, { method: "POST", headers, body });
    expect(await response.json()).toEqual({ text: "done" });
  });

  test("with headers beyond the limit is 431 on HTTP/2", async () => {
    await using server = await startWireServer(hello);
    const session = connect(server.url);
    onTestFinished(() => session.destroy());
    const header = "x".repeat(14_000);
    const stream = session.request({ ":path": "/", "x-one": header, "x-two": header });
    stream.on("error", () => {});
    const status = await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])));
    expect(status).toBe(431);
  });
});

describe("an HTTP/1.1 connection", () => {
  test("without a request is closed after a timeout, even if it sends empty lines", async () => {
    const limits = { idleTimeoutMs: 100, openTimeoutMs: 200 };
    await using server = await startWireServer(hello, { limits });
    using raw = await openRawSocket(server.port);
    const head = `POST ${unaryPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    raw.send(`${head}content-length: 20\r\n\r\n{"scenario":"hello"}`);
    await raw.until('"hello"');
    const lineEnds = setInterval(() => raw.send("\r\n"), 20);
    onTestFinished(() => clearInterval(lineEnds));
    expect(await raw.closed).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("with an unknown expectation is answered, and closed before its body ends", async () => {
    await using server = await startWireServer(hello, { limits: { lingerMs: 100, requestTimeoutMs: 100 } });
    using raw = await openRawSocket(server.port);
    const head = `POST ${unaryPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    raw.send(`${head}expect: something else\r\ncontent-length: 1000000\r\n\r\n`);
    const trickle = setInterval(() => raw.send("x"), 20);
    onTestFinished(() => clearInterval(trickle));
    expect(await raw.closed).toContain("deadline_exceeded");
  });
});

describe("an HTTP/1.1 connection with pipelined requests", () => {
  const request = (scenario: string) => {
    const body = JSON.stringify({ scenario });
    const head = `POST ${unaryPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    return `${head}content-length: ${body.length}\r\n\r\n${body}`;
  };

  test("receives the responses one after another", async () => {
    let running = 0;
    let most = 0;
    await using server = await startWireServer({
      async *one() {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        yield "one";
      },
      async *last() {
        yield "last";
      },
    });
    using raw = await openRawSocket(server.port);
    raw.send(request("one").repeat(5) + request("last"));
    expect((await raw.until('"last"')).match(/"one"/g)).toHaveLength(5);
    expect(most).toBe(1);
  });

  test("is closed if they are too many", async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await startWireServer({
      async *wait() {
        await gate.promise;
        yield "done";
      },
    });
    using raw = await openRawSocket(server.port);
    raw.send(request("wait").repeat(20));
    expect(await raw.closed).toBe("");
    gate.resolve();
  });
});

test("calls that never wait yield to the event loop", { tags: ["slow"] }, async () => {
  await using server = await startWireServer({
    async *busy() {
      for (let at = 0; at < 200_000; at++) yield "x";
    },
  });
  const transport = createGrpcTransport({ baseUrl: server.url });
  const busy = Array.from({ length: 3 }, () => call(transport, "serverStream", "busy").texts);
  let turns = 0;
  let counting = true;
  const count = () => {
    turns++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(busy);
  counting = false;
  expect(turns).toBeGreaterThan(20);
});

test("metadata beyond the limit is an error of the handler, and the client receives the earlier metadata", async () => {
  await using server = await startWireServer(
    {
      async *much(context) {
        setTrailer(context, { "x-small": "1" });
        expect(() => setHeader(context, { "x-large": "x".repeat(500) })).toThrow(/larger than 400 bytes/);
        setTrailer(context, { "x-large": "x".repeat(500) });
        yield "never";
      },
    },
    { limits: { maxMetadataBytes: 400 } },
  );
  const seen = call(createGrpcTransport({ baseUrl: server.url }), "serverStream", "much");
  await expect(seen.texts).rejects.toThrow("[internal] internal error");
  expect((await seen.trailer).get("x-small")).toBe("1");
});

test("an idle stream whose client does not read is aborted long before its buffer is full", async () => {
  const cleanedUp = Promise.withResolvers<void>();
  await using server = await startWireServer(
    {
      async *quiet({ signal }) {
        try {
          while (!signal.aborted) {
            yield "x";
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          signal.throwIfAborted();
        } finally {
          cleanedUp.resolve();
        }
      },
    },
    { limits: { stallTimeoutMs: 200 } },
  );
  const session = connect(server.url, { settings: { initialWindowSize: 0 } });
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.wire.v1.WireService/ServerStream",
    "content-type": "application/grpc+proto",
  });
  stream.on("error", () => {});
  stream.end(Buffer.from([0, 0, 0, 0, 7, 10, 5, ...Buffer.from("quiet")]));
  const ended = server.nextCall();
  await cleanedUp.promise;
  expect((await ended).code).toBe("resource_exhausted");
});

test("the call of a client that reads nothing for too long is aborted, and its handler cleans up", async () => {
  const cleanedUp = Promise.withResolvers<void>();
  await using server = await startWireServer(
    {
      async *endless() {
        try {
          for (;;) yield "x".repeat(100_000);
        } finally {
          cleanedUp.resolve();
        }
      },
    },
    { limits: { stallTimeoutMs: 50 } },
  );
  const session = connect(server.url);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.wire.v1.WireService/ServerStream",
    "content-type": "application/grpc+proto",
  });
  stream.on("error", () => {});
  stream.end(Buffer.from([0, 0, 0, 0, 9, 10, 7, ...Buffer.from("endless")]));
  const ended = server.nextCall();
  await cleanedUp.promise;
  expect((await ended).code).toBe("resource_exhausted");
});
