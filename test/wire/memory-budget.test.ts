import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { Code } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, onTestFinished, test } from "vitest";
import { openRawSocket } from "./raw-socket.ts";
import { startWireServer, type WireServer } from "./start-wire-server.ts";
import { call } from "./wire-clients.ts";

const MiB = 1024 * 1024;
const path = "/test.wire.v1.WireService";
const limits = { maxBufferedBytes: 32 * MiB, maxSessionBufferedBytes: 8 * MiB };
const scenarios = {
  async *hello() {
    yield "hello";
  },
  async *large() {
    yield "x".repeat(MiB);
  },
};

describe("requests that do not end", () => {
  test("are refused from the newest on, and those of other clients are not", async () => {
    await using server = await startWireServer(scenarios, { limits });
    const session = open(server);
    const unfinished = Array.from({ length: 20 }, () => sendUnfinished(session, MiB));
    await eventually(() => refusedOf(unfinished).length).toBeGreaterThan(12);
    expect(refusedOf(unfinished)).not.toContain(unfinished[0]);
    for (const request of refusedOf(unfinished)) expect(request.status).toBe(Code.ResourceExhausted);
    expect(server.bufferedBytes).toBeLessThanOrEqual(limits.maxSessionBufferedBytes);
    expect(await call(createGrpcTransport({ baseUrl: server.url }), "unary", "hello").texts).toEqual(["hello"]);
  });

  test("reduce the flow-control window while the connection is under memory pressure", async () => {
    await using server = await startWireServer(scenarios, { limits });
    const session = open(server);
    await once(session, "remoteSettings");
    const unfinished = Array.from({ length: 5 }, () => sendUnfinished(session, MiB));
    const [pressed] = await once(session, "remoteSettings");
    expect(pressed.initialWindowSize).toBe(16 * 1024);
    for (const { stream } of unfinished) stream.close();
    const [relieved] = await once(session, "remoteSettings");
    expect(relieved.initialWindowSize).toBe(MiB);
  });

  test("of all connections of a client use at most half of the budget of all clients", async () => {
    await using server = await startWireServer(scenarios, { limits });
    const unfinished = Array.from({ length: 6 }, () => open(server)).flatMap((session) =>
      Array.from({ length: 6 }, () => sendUnfinished(session, MiB)),
    );
    await eventually(() => refusedOf(unfinished).length).toBeGreaterThan(20);
    expect(server.bufferedBytes).toBeLessThanOrEqual(limits.maxBufferedBytes / 2);
  });

  test("release their memory when they end", async () => {
    await using server = await startWireServer(scenarios, { limits });
    const session = open(server);
    const unfinished = Array.from({ length: 20 }, () => sendUnfinished(session, MiB));
    await eventually(() => refusedOf(unfinished).length).toBeGreaterThan(12);
    session.destroy();
    await eventually(() => server.bufferedBytes).toBe(0);
  });

  test("are refused on HTTP/1.1, too", async () => {
    await using server = await startWireServer(scenarios, { limits: { ...limits, maxBufferedBytes: 8 * MiB } });
    const body = Buffer.alloc(MiB);
    const answers: string[] = [];
    for (let connection = 0; connection < 8; connection++) {
      const raw = await openRawSocket(server.port);
      onTestFinished(() => raw[Symbol.dispose]());
      raw.socket.on("data", (data: Buffer) => answers.push(data.toString("latin1")));
      raw.socket.write(`POST ${path}/Unary HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/proto\r\n`);
      raw.socket.write(`content-length: ${2 * body.length}\r\n\r\n`);
      raw.socket.write(body);
    }
    await eventually(() => answers.length).toBeGreaterThan(3);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 429.*"resource_exhausted"/s);
  });
});

describe("unread responses", () => {
  test("count against the budget, and end the newest calls", async () => {
    await using server = await startWireServer(scenarios, { limits });
    const session = open(server, { settings: { initialWindowSize: 0 } });
    const body = Buffer.concat([Buffer.from([0, 0, 0, 0, 7, 10, 5]), Buffer.from("large")]);
    const unread = Array.from({ length: 20 }, () => send(session, body));
    for (const { stream } of unread) stream.end();
    await eventually(() => unread.filter(({ stream }) => stream.closed).length).toBeGreaterThan(12);
    expect(server.bufferedBytes).toBeLessThanOrEqual(limits.maxSessionBufferedBytes);
    session.destroy();
    await eventually(() => server.bufferedBytes).toBe(0);
  });
});

test("an ended call of any kind uses no memory", async () => {
  await using server = await startWireServer(scenarios, { limits });
  const transports = [
    createGrpcTransport({ baseUrl: server.url }),
    createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
    createConnectTransport({ baseUrl: server.url, httpVersion: "2", useBinaryFormat: false }),
  ];
  for (const transport of transports) {
    for (const kind of ["unary", "serverStream", "clientStream"] as const) await call(transport, kind, "large").texts;
  }
  await eventually(() => server.bufferedBytes).toBe(0);
});

interface SentRequest {
  readonly stream: ClientHttp2Stream;
  status: number | undefined;
}

function open(server: WireServer, options: Parameters<typeof connect>[1] = {}): ClientHttp2Session {
  const session = connect(server.url, { maxSessionMemory: 1_000, ...options });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** Sends the first `bytes` bytes of a message of 2 MiB. */
function sendUnfinished(session: ClientHttp2Session, bytes: number): SentRequest {
  const body = Buffer.alloc(bytes);
  body.writeUInt32BE(2 * MiB, 1);
  return send(session, body);
}

function send(session: ClientHttp2Session, body: Uint8Array): SentRequest {
  const headers = { ":method": "POST", ":path": `${path}/Unary`, "content-type": "application/grpc", te: "trailers" };
  const sent: SentRequest = { stream: session.request(headers), status: undefined };
  const onFields = (fields: Record<string, unknown>) => {
    if (fields["grpc-status"] !== undefined) sent.status = Number(fields["grpc-status"]);
  };
  sent.stream.on("error", () => {});
  sent.stream.on("response", onFields);
  sent.stream.on("trailers", onFields);
  sent.stream.resume();
  sent.stream.write(body);
  return sent;
}

function refusedOf(requests: readonly SentRequest[]): SentRequest[] {
  return requests.filter(({ status }) => status !== undefined);
}

/** The timeout for a busy machine. */
function eventually<T>(value: () => T) {
  return expect.poll(value, { timeout: 8_000 });
}
