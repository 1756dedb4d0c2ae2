import { request } from "node:http";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { startWireServer, type WireServer } from "../../test/wire/start-wire-server.ts";
import { call } from "../../test/wire/wire-clients.ts";

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

  test("gets no page either", async () => {
    await using server = await startWireServer(scenarios);
    expect(await statusOf(server, { host: "evil.example" }, "GET", "/")).toBe(421);
  });
});

test.each(["127.0.0.1", "localhost:8080", "app.localhost", "[::1]:8080", "192.168.1.7", "bourse.example"])(
  "the host name %j is the server's own",
  async (host) => {
    await using server = await startWireServer(scenarios, { trusted: { hosts: ["bourse.example"], origins: [] } });
    expect(await statusOf(server, { host })).toBe(200);
  },
);

describe("a foreign origin", () => {
  test.each(["https://evil.example", "null", "http://127.0.0.1:1", "rubbish"])("%j changes nothing", async (origin) => {
    await using server = await startWireServer(scenarios);
    const before = changes;
    expect(await statusOf(server, { origin })).toBe(403);
    expect(changes).toBe(before);
  });

  test("is let in where it is listed", async () => {
    const trusted = { hosts: [], origins: ["https://page.example"] };
    await using server = await startWireServer(scenarios, { trusted });
    expect(await statusOf(server, { origin: "https://page.example" })).toBe(200);
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
