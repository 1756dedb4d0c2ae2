import { once } from "node:events";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls, type PeerCertificate } from "node:tls";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { generate } from "selfsigned";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openRawSocket } from "../../../test/wire/raw-socket.ts";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";
import { call } from "../../../test/wire/wire-clients.ts";
import { defaultLimits } from "../protection/default-limits.ts";
import { openPort } from "./multi-protocol-port.ts";

const hello = {
  async *hello() {
    yield "hello";
  },
};

const request = unaryRequest('{"scenario":"hello"}');

const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const emptySettings = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);

/** A request, `GET /` with the authority `a` in HPACK, and a GOAWAY with an error, which ends the session. */
const getRequest = Uint8Array.of(0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41, 1, 0x61);
const goAwayWithError = Uint8Array.of(0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

describe("in plain text", () => {
  test("serves HTTP/1.1 and HTTP/2 on one port", async () => {
    await using server = await startWireServer(hello);
    const http1 = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
    const http2 = createGrpcTransport({ baseUrl: server.url });
    expect(await call(http1, "unary", "hello").texts).toEqual(["hello"]);
    expect(await call(http2, "unary", "hello").texts).toEqual(["hello"]);
    expect(server.calls.map((record) => record.httpVersion)).toEqual(["1.1", "2.0"]);
  });

  test("detects the version if the first bytes arrive one by one", async () => {
    await using server = await startWireServer(hello);
    using http1 = await openRawSocket(server.port);
    for (const byte of request) http1.send(byte);
    expect(await http1.until("hello")).toMatch(/^HTTP\/1\.1 200 OK/);
    using http2 = await openRawSocket(server.port);
    for (const byte of http2Preface) http2.send(byte);
    http2.send(emptySettings);
    // A frame of type SETTINGS with its length first.
    expect((await http2.until("\x04")).charCodeAt(3)).toBe(4);
  });

  test("answers a client that closes its half after the request", async () => {
    await using server = await startWireServer(hello);
    using raw = await openRawSocket(server.port);
    raw.socket.end(request);
    expect(await raw.until("hello")).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test("answers malformed bytes with 400 and closes", async () => {
    await using server = await startWireServer(hello);
    using raw = await openRawSocket(server.port);
    raw.send("\x16\x03\x01\x02\x00\x01\x00\x01rubbish\r\n\r\n");
    expect(await raw.closed).toMatch(/^HTTP\/1\.1 400/);
  });

  test("closes a connection that sends nothing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const accepted = Promise.withResolvers<void>();
    const port = await openPort({ host: "127.0.0.1", port: 0, limits: defaultLimits, onExchange: () => {} });
    using raw = await openRawSocket(Number(new URL(port.url).port));
    setImmediate(() => setImmediate(accepted.resolve));
    await accepted.promise;
    vi.advanceTimersByTime(defaultLimits.openTimeoutMs);
    expect(await raw.closed).toBe("");
    await port.close(1_000);
  });
});

test("rejects if the port is in use", async () => {
  await using server = await startWireServer(hello);
  await expect(startWireServer(hello, { port: server.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("sends two GOAWAYs on shutdown, the first for all streams, so that no request in transit is lost", async () => {
  const runs = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await using server = await startWireServer({
    async *wait() {
      runs.resolve();
      await gate.promise;
      yield "done";
    },
  });
  const session = connectHttp2(server.url);
  const lastStreams: number[] = [];
  session.on("goaway", (_code, lastStream) => lastStreams.push(lastStream));
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.wire.v1.WireService/Unary",
    "content-type": "application/json",
  });
  stream.resume().end('{"scenario":"wait"}');
  await runs.promise;
  const closed = server.close(5_000);
  await vi.waitFor(() => expect(lastStreams).toEqual([2 ** 31 - 1, 1]));
  gate.resolve();
  expect(await closed).toBe(true);
});

test("a request that arrives together with the end of its session has no side effects", async () => {
  await using server = await startWireServer(hello);
  using raw = await openRawSocket(server.port);
  raw.send(Buffer.concat([Buffer.from(http2Preface), emptySettings, getRequest, goAwayWithError]));
  await raw.closed;
  const transport = createGrpcTransport({ baseUrl: server.url });
  expect(await call(transport, "unary", "hello").texts).toEqual(["hello"]);
});

describe("over TLS", () => {
  test("chooses by ALPN and serves both versions", async () => {
    const { files, ca } = await credentials();
    await using server = await startWireServer(hello, { tls: files });
    expect(server.url).toMatch(/^https:/);
    for (const httpVersion of ["1.1", "2"] as const) {
      const transport = createConnectTransport({ baseUrl: server.url, httpVersion, nodeOptions: { ca } });
      expect(await call(transport, "serverStream", "hello").texts).toEqual(["hello"]);
    }
    expect(server.calls.map((record) => record.httpVersion)).toEqual(["1.1", "2.0"]);
  });

  test("refuses a client without a certificate if certificates are required", async () => {
    const { files, ca, folder } = await credentials();
    const clientFiles = await writeCredentials(folder, "client");
    await using server = await startWireServer(hello, { tls: { ...files, clientCa: clientFiles.cert } });
    const stranger = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", nodeOptions: { ca } });
    await expect(call(stranger, "unary", "hello").texts).rejects.toThrow();
    const nodeOptions = { ca, cert: clientFiles.certPem, key: clientFiles.keyPem };
    const known = createConnectTransport({ baseUrl: server.url, httpVersion: "2", nodeOptions });
    expect(await call(known, "unary", "hello").texts).toEqual(["hello"]);
  });

  test("loads changed files, and keeps the old credentials if the new ones are invalid", async () => {
    const { files, folder } = await credentials();
    const reloads: unknown[] = [];
    await using server = await startWireServer(hello, {
      tls: files,
      onTlsReload: (problem) => reloads.push(problem),
    });
    const before = await certificateOf(server.port);

    await writeFile(files.key, "rubbish");
    await vi.waitFor(() => expect(reloads).toEqual([expect.any(Error)]), { timeout: 3_000 });
    expect(await certificateOf(server.port)).toBe(before);

    const fresh = await writeCredentials(folder, "fresh");
    await Promise.all([rename(fresh.cert, files.cert), rename(fresh.key, files.key)]);
    await vi.waitFor(() => expect(reloads.at(-1)).toBeUndefined(), { timeout: 3_000 });
    expect(await certificateOf(server.port)).not.toBe(before);
  });

  test("reports no other changes in the folder of its files", async () => {
    const { files, folder } = await credentials();
    const reloads: unknown[] = [];
    await using _ = await startWireServer(hello, { tls: files, onTlsReload: (problem) => reloads.push(problem) });
    for (let n = 0; n < 3; n++) {
      await writeFile(join(folder, "access.log"), `${n}`);
      await writeFile(files.cert, await readFile(files.cert)); // a new modification time, but the same content
      await delay(300);
    }
    expect(reloads).toEqual([]);
    const fresh = await writeCredentials(folder, "fresh");
    await Promise.all([rename(fresh.cert, files.cert), rename(fresh.key, files.key)]);
    await vi.waitFor(() => expect(reloads).toEqual([undefined]), { timeout: 3_000 });
  });

  test("accepts the next request of an HTTP/1.1 client while it sends the response to the previous one", async () => {
    const { files, ca } = await credentials();
    const scenarios = {
      ...hello,
      async *large() {
        yield "x".repeat(16 * 1024 * 1024);
      },
    };
    await using server = await startWireServer(scenarios, {
      tls: files,
      limits: { writeMaxBytes: 32 * 1024 * 1024 },
    });
    const client = connectTls({ host: "127.0.0.1", port: server.port, ca });
    onTestFinished(() => void client.destroy());
    client.write(unaryRequest('{"scenario":"large"}'));
    await once(client, "readable");
    // More than one TLS record: all have arrived when the server reads the first.
    client.write(unaryRequest(`{"scenario":"hello"${" ".repeat(40_000)}}`));
    let end = "";
    for await (const chunk of client) {
      end = (end + chunk.toString("latin1")).slice(-100);
      if (end.endsWith('{"text":"hello"}')) break;
    }
    expect(end).toContain('{"text":"hello"}');
  });

  test("answers a client that closes its half after the request", async () => {
    const { files, ca } = await credentials();
    await using server = await startWireServer(hello, { tls: files });
    const options = { host: "127.0.0.1", port: server.port, ca, allowHalfOpen: true };
    const client = connectTls(options);
    onTestFinished(() => void client.destroy());
    client.end(request);
    let response = "";
    for await (const chunk of client) response += chunk.toString("latin1");
    expect(response).toContain('{"text":"hello"}');
  });

  test.each([
    ["a client of HTTP/2 that refuses the certificate", { ALPNProtocols: ["h2"] }],
    ["a client of HTTP/1.1 that refuses the certificate", { ALPNProtocols: ["http/1.1"] }],
    ["a client without ALPN that refuses the certificate", {}],
    ["a client of TLS 1.2 that refuses the certificate", { maxVersion: "TLSv1.2", ALPNProtocols: ["h2"] }],
    ["a client without a common cipher", { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" }],
    ["a client that accepts only other protocols", { ALPNProtocols: ["other"] }],
  ] as const)("closes the connection of %s", async (_client, options) => {
    const { files } = await credentials();
    const port = await openPort({
      host: "127.0.0.1",
      port: 0,
      tls: files,
      limits: defaultLimits,
      onExchange: () => {},
    });
    const client = connectTls({ ...options, host: "127.0.0.1", port: Number(new URL(port.url).port) });
    await expect(once(client, "secureConnect")).rejects.toThrow();
    await vi.waitFor(() => expect(port.connections).toBe(0), { timeout: 3_000 });
    expect(await port.close(60_000)).toBe(true);
  });

  test("closes a plaintext connection", async () => {
    const { files } = await credentials();
    await using server = await startWireServer(hello, { tls: files });
    using raw = await openRawSocket(server.port);
    raw.send(request);
    expect(await raw.closed).not.toContain("hello");
  });

  test("an ordinary HTTPS client can request a page", async () => {
    const { files, ca } = await credentials();
    await using server = await startWireServer(hello, {
      tls: files,
      otherwise: (exchange) => {
        exchange.respond(200, { "content-type": "text/plain" });
        void exchange.end();
      },
    });
    const status = await new Promise((resolve) =>
      get(server.url, { ca, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }),
    );
    expect(status).toBe(200);
  });
});

function unaryRequest(json: string): string {
  const path = "/test.wire.v1.WireService/Unary";
  const length = Buffer.byteLength(json);
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${json}`;
}

async function credentials() {
  const folder = await mkdtemp(join(tmpdir(), "bourse-tls-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const server = await writeCredentials(folder, "server");
  return { folder, files: { cert: server.cert, key: server.key }, ca: server.certPem };
}

async function writeCredentials(folder: string, name: string) {
  const pem = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) };
  await Promise.all([writeFile(files.cert, pem.cert), writeFile(files.key, pem.private)]);
  return { ...files, certPem: pem.cert, keyPem: pem.private };
}

function certificateOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      const certificate: PeerCertificate = socket.getPeerCertificate();
      socket.destroy();
      resolve(certificate.fingerprint256);
    });
    socket.once("error", reject);
  });
}
