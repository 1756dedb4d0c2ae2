import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:http2";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { openRawSocket } from "../../../test/wire/raw-socket.ts";
import { startWireServer, type WireServer } from "../../../test/wire/start-wire-server.ts";
import { call } from "../../../test/wire/wire-clients.ts";
import type { Exchange } from "../exchange/exchange.ts";

let changes = 0;
const scenarios = {
  async *change() {
    changes++;
    yield "changed";
  },
};

describe("a foreign host name, as after DNS rebinding,", () => {
  test.each(["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "a b"])(
    "%j changes nothing",
    async (host) => {
      await using server = await startWireServer(scenarios);
      expect(await statusOf(server, { host })).toBeGreaterThanOrEqual(400);
    },
  );

  test("receives no page", async () => {
    await using server = await startWireServer(scenarios);
    expect(await statusOf(server, { host: "evil.example" }, "GET", "/")).toBe(421);
  });
});

test.each([
  "127.0.0.1",
  "localhost:8080",
  "localhost.",
  "app.localhost",
  "[::1]:8080",
  "192.168.1.7",
  "bourse.example",
  "bourse.example.:8080",
])("the host name %j is accepted", async (host) => {
  await using server = await startWireServer(scenarios, { trusted: { hosts: ["bourse.example"], origins: [] } });
  expect(await statusOf(server, { host })).toBe(200);
});

describe("on HTTP/1.1", () => {
  const get = `/test.wire.v1.WireService/Unary?encoding=json&message=${encodeURIComponent('{"scenario":"change"}')}`;

  test.each([
    ["a request without Host", `GET ${get} HTTP/1.1\r\n\r\n`, 200],
    ["a request of HTTP/1.0", `GET ${get} HTTP/1.0\r\n\r\n`, 200],
    ["a page without Host", "GET /page HTTP/1.1\r\n\r\n", 200],
    ["two Host headers", `GET ${get} HTTP/1.1\r\nHost: 127.0.0.1\r\nhost: evil.example\r\n\r\n`, 400],
    ["an absolute target", `GET http://127.0.0.1${get} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, 200],
    ["an absolute target of a page", "GET http://127.0.0.1/page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200],
    ["an absolute target without a path", "GET http://127.0.0.1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200],
    ["an absolute target of another host", `GET http://evil.example${get} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, 421],
    ["OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200],
  ])("%s is answered", async (_what, bytes, status) => {
    await using server = await startWireServer(scenarios, { otherwise });
    using raw = await openRawSocket(server.port);
    raw.send(bytes);
    expect(await raw.until("\r\n\r\n")).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});

test("pages and OPTIONS are answered whatever the origin", async () => {
  await using server = await startWireServer(scenarios, { otherwise });
  const headers = { origin: "https://evil.example" };
  expect(await statusOf(server, headers, "GET", "/page")).toBe(200);
  expect(await statusOf(server, headers, "OPTIONS", "/")).toBe(200);
});

describe("a foreign origin", () => {
  test.each(["https://evil.example", "null", "http://127.0.0.1:1", "rubbish"])("%j changes nothing", async (origin) => {
    await using server = await startWireServer(scenarios);
    const before = changes;
    expect(await statusOf(server, { origin })).toBe(403);
    expect(changes).toBe(before);
  });

  test("is accepted if it is listed", async () => {
    const trusted = { hosts: [], origins: ["https://page.example"] };
    await using server = await startWireServer(scenarios, { trusted });
    expect(await statusOf(server, { origin: "https://page.example" })).toBe(200);
  });
});

describe("a GET that a page of another origin makes a browser send without an Origin", () => {
  const get = `/test.wire.v1.WireService/Unary?connect=v1&encoding=json&message=${encodeURIComponent('{"scenario":"change"}')}`;

  test.each([
    ["cross-site", "no-cors", "image"],
    ["cross-site", "no-cors", "script"],
    ["cross-site", "navigate", "document"],
    ["same-site", "no-cors", "empty"],
    ["something new", "no-cors", "empty"],
  ])("is refused as an RPC: %s, %s, %s", async (site, mode, destination) => {
    await using server = await startWireServer(scenarios, { otherwise });
    const before = changes;
    const headers = { "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": destination };
    for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
      expect([method, await statusOf(server, headers, method, get)]).toEqual([method, 403]);
    }
    expect(await statusOverHttp2(server, { ...headers, ":method": "GET", ":path": get })).toBe(403);
    expect(changes).toBe(before);
  });

  test("receives pages and files", async () => {
    await using server = await startWireServer(scenarios, { otherwise });
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect(await statusOf(server, headers, "GET", "/page")).toBe(200);
  });

  test.each(["same-origin", "none"])("is answered if it is not of another origin: %s", async (site) => {
    await using server = await startWireServer(scenarios);
    expect(await statusOf(server, { "sec-fetch-site": site }, "GET", get)).toBe(200);
    expect(await statusOf(server, { "sec-fetch-site": site })).toBe(200);
  });

  test("is answered if its origin may call, or every page may", async () => {
    const origin = "https://page.example";
    await using one = await startWireServer(scenarios, { trusted: { hosts: [], origins: [origin] } });
    expect(await statusOf(one, { "sec-fetch-site": "cross-site", origin })).toBe(200);
    expect(await statusOf(one, { "sec-fetch-site": "cross-site" })).toBe(403);
    await using every = await startWireServer(scenarios, { trusted: { hosts: [], origins: ["*"] } });
    expect(await statusOf(every, { "sec-fetch-site": "cross-site" })).toBe(200);
  });
});

test("the server's own page may call", async () => {
  await using server = await startWireServer(scenarios);
  expect(await statusOf(server, { origin: server.url })).toBe(200);
});

test("a gRPC client may call the server by any name", async () => {
  await using server = await startWireServer(scenarios);
  const transport = createGrpcTransport({ baseUrl: server.url.replace("127.0.0.1", "localhost") });
  expect(await call(transport, "unary", "change").texts).toEqual(["changed"]);
});

function otherwise(exchange: Exchange): void {
  exchange.respond(200, {});
  void exchange.end();
}

async function statusOverHttp2(server: WireServer, headers: Record<string, string>): Promise<unknown> {
  const session = connect(server.url);
  const stream = session.request(headers);
  const [answer] = await once(stream, "response");
  stream.resume();
  session.close();
  return answer[":status"];
}

function statusOf(
  server: WireServer,
  headers: Record<string, string>,
  method = "POST",
  path = "/test.wire.v1.WireService/Unary",
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: server.port, method, path, agent: false, setHost: !("host" in headers) };
    const sent = request({ ...options, headers: { "content-type": "application/json", ...headers } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once("error", reject);
    sent.end(method === "POST" ? '{"scenario":"change"}' : undefined);
  });
}
