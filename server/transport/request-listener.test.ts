import { createServer as createHttpServer, type Server, type ServerResponse } from "node:http";
import { connect, constants, createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, onTestFinished, test } from "vitest";
import { call, wires } from "../../test/wire/wire-clients.ts";
import { registerWireService, type Scenario } from "../../test/wire/wire-service.ts";
import { createRequestListener, type RequestListener, type RequestListenerOptions } from "./request-listener.ts";
import { sendHeader, setTrailer } from "./rpc/response-metadata.ts";

for (const wire of wires) {
  describe(`${wire.name}, on a Node server`, () => {
    const server = wire.name.includes("HTTP/2") ? createHttp2Server : createHttpServer;

    test.each(wire.kinds)("%s: headers are sent early, and trailers at the end", async (kind) => {
      const gate = Promise.withResolvers<void>();
      const url = await serve(server, {
        async *quiet(context) {
          sendHeader(context, { "x-early": "1" });
          if (kind !== "unary") await gate.promise;
          setTrailer(context, { "x-tail": "2" });
          yield "done";
        },
      });
      const seen = call(wire.transport(url), kind, "quiet");
      expect((await seen.header).get("x-early")).toBe("1");
      gate.resolve();
      expect(await seen.texts).toEqual(["done"]);
      expect((await seen.trailer).get("x-tail")).toBe("2");
    });

    test("an error is sent with its trailers", async () => {
      const url = await serve(server, {
        // biome-ignore lint/correctness/useYield: it fails before there is a message
        async *broken(context) {
          setTrailer(context, { "x-tail": "2" });
          throw new ConnectError("no such thing", Code.NotFound);
        },
      });
      const error = await call(wire.transport(url), "serverStream", "broken").texts.catch(ConnectError.from);
      expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "no such thing" });
      expect((error as ConnectError).metadata.get("x-tail")).toBe("2");
    });

    test("a client that disconnects ends the handler", async () => {
      const ended = Promise.withResolvers<string>();
      const url = await serve(server, {
        async *endless({ signal }) {
          yield "first";
          signal.addEventListener("abort", () => ended.resolve(ConnectError.from(signal.reason).rawMessage));
          await ended.promise;
        },
      });
      const abort = new AbortController();
      const seen = call(wire.transport(url), "serverStream", "endless", { signal: abort.signal });
      await seen.header;
      abort.abort();
      expect(await ended.promise).toMatch(/the client went away/);
    });
  });
}

test("gRPC clients receive each value of a key as a separate header field", async () => {
  const url = await serve(createHttp2Server, {
    async *repeat(context) {
      sendHeader(context, { "x-many": ["a", "b"] });
      setTrailer(context, { "x-tail": ["1", "2"] });
      yield "done";
    },
  });
  const { header, trailer } = await rawCall(url, "repeat");
  expect(linesOf(header, "x-many")).toEqual(["a", "b"]);
  expect(linesOf(trailer, "x-tail")).toEqual(["1", "2"]);
  expect(linesOf(trailer, "grpc-status")).toEqual(["0"]);
});

test("an error of a stream does not end the process", async () => {
  const ended = Promise.withResolvers<void>();
  const url = await serve(createHttp2Server, {
    async *endless({ signal }) {
      yield "first";
      signal.addEventListener("abort", () => ended.resolve());
      await ended.promise;
    },
  });
  const stream = rawRequest(url, "endless");
  stream.on("error", () => {});
  stream.once("data", () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  await ended.promise;
});

describe.each([
  { version: "1.1", server: createHttpServer },
  { version: "2", server: createHttp2Server },
] as const)("HTTP/$version", ({ version, server }) => {
  const transport = (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: version });
  const scenarios: Record<string, Scenario> = {
    async *hello() {
      yield "hello";
    },
  };

  test("the fallback handles requests that are not calls", async () => {
    const url = await serve(server, scenarios, {
      fallback(request, response) {
        request.pipe(response as ServerResponse);
      },
    });
    expect(await exchange(version, url, "/echo", "as it was")).toEqual({ status: 200, body: "as it was" });
  });

  test("requests that are not calls receive 404 if there is no fallback", async () => {
    const url = await serve(server, scenarios);
    expect(await exchange(version, url, "/echo", "")).toEqual({
      status: 404,
      body: "nothing is served for POST /echo\n",
    });
  });

  test("headers that middleware has set are kept", async () => {
    const url = await serve(server, scenarios, {}, (request, response, next) => {
      response.setHeader("x-served-by", "middleware");
      response.setHeader("vary", ["Origin", "Accept"]);
      next(request, response);
    });
    const header = await call(transport(url), "serverStream", "hello").header;
    expect([header.get("x-served-by"), header.get("vary")]).toEqual(["middleware", "Origin, Accept"]);
  });

  test("it serves below a prefix if middleware removes it from the URL", async () => {
    const url = await serve(server, scenarios, {}, (request, response, next) => {
      request.url = request.url?.replace(/^\/api/, "") ?? "";
      next(request, response);
    });
    expect(await call(transport(`${url}/api`), "unary", "hello").texts).toEqual(["hello"]);
  });

  test("the shutdown signal ends streams, later ones as well, and lets unary calls finish", async () => {
    const shutdown = new AbortController();
    const waiting: Record<string, Scenario> = {
      ...scenarios,
      async *wait({ signal }) {
        signal.throwIfAborted();
        yield "first";
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    };
    const url = await serve(server, waiting, { shutdownSignal: shutdown.signal });
    const wait = call(transport(url), "serverStream", "wait");
    await wait.header;
    shutdown.abort();
    const codes = [wait, call(transport(url), "serverStream", "wait")].map(({ texts }) => texts.catch(codeOf));
    expect(await Promise.all(codes)).toEqual([Code.Unavailable, Code.Unavailable]);
    expect(await call(transport(url), "unary", "hello").texts).toEqual(["hello"]);
  });
});

test("gRPC on HTTP/1.1 is refused, with the remedy", async () => {
  const url = await serve(createHttpServer, {});
  const response = await fetch(`${url}/test.wire.v1.WireService/Unary`, {
    method: "POST",
    headers: { "content-type": "application/grpc" },
    body: new Uint8Array(5),
  });
  expect([response.status, await response.text()]).toEqual([505, expect.stringContaining("gRPC needs HTTP/2")]);
});

type Middleware = (
  request: Parameters<RequestListener>[0],
  response: Parameters<RequestListener>[1],
  next: RequestListener,
) => void;

/** Serves the wire service on a Node server until the end of the test. */
async function serve(
  create: typeof createHttpServer | typeof createHttp2Server,
  scenarios: Record<string, Scenario>,
  options: Partial<RequestListenerOptions> = {},
  middleware: Middleware = (request, response, next) => next(request, response),
): Promise<string> {
  const listener = createRequestListener({
    routes: (router) => registerWireService(router, scenarios),
    ...options,
  });
  const server = (create as (listener: RequestListener) => Server | Http2Server)((request, response) =>
    middleware(request, response, listener),
  );
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket: { destroy(): void }) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function exchange(version: "1.1" | "2", url: string, path: string, body: string) {
  if (version === "1.1") {
    const response = await fetch(url + path, { method: "POST", body });
    return { status: response.status, body: await response.text() };
  }
  const session = connect(url);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": path });
  let status = 0;
  stream.on("response", (header) => {
    status = header[":status"] ?? 0;
  });
  stream.end(body);
  let text = "";
  for await (const chunk of stream) text += chunk;
  return { status, body: text };
}

/** Makes a raw gRPC request, because Connect's client joins header fields, as `Headers` does. */
function rawRequest(url: string, scenario: string) {
  const session = connect(url);
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.wire.v1.WireService/ServerStream",
    "content-type": "application/grpc+json",
    te: "trailers",
  });
  const message = Buffer.from(JSON.stringify({ scenario }));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  return stream;
}

async function rawCall(url: string, scenario: string) {
  const stream = rawRequest(url, scenario);
  const seen = { header: [] as string[], trailer: [] as string[] };
  stream.on("response", (_headers, _flags, raw: string[]) => {
    seen.header = raw;
  });
  stream.on("trailers", (_headers, _flags, raw: string[]) => {
    seen.trailer = raw;
  });
  stream.resume();
  await new Promise((resolve) => stream.once("close", resolve));
  return seen;
}

function linesOf(raw: readonly string[], key: string): string[] {
  return raw.filter((_, at) => at % 2 === 1 && raw[at - 1] === key);
}

function codeOf(error: unknown): Code {
  return ConnectError.from(error).code;
}
