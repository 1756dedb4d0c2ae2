import { describe, expect, test } from "vitest";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";

const page = "https://page.example";
const cors = { origins: [page], exposedNames: ["bourse-cursor"] };
const path = "/test.wire.v1.WireService/Unary";
const hello = {
  async *hello() {
    yield "hello";
  },
};

describe("a page of an allowed origin", () => {
  test("receives the headers that it may send in the preflight response", async () => {
    await using server = await startWireServer(hello, { cors });
    const response = await preflight(server.url, page);
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(page);
    expect(response.headers.get("access-control-allow-headers")?.toLowerCase()).toContain("connect-protocol-version");
    expect(response.headers.get("access-control-allow-methods")).toContain("POST");
    expect(response.headers.get("vary")).toBe("Origin");
  });

  test("may read the response, with headers and trailers", async () => {
    await using server = await startWireServer(hello, { cors });
    const response = await callFrom(server.url, page);
    expect(response.headers.get("access-control-allow-origin")).toBe(page);
    const exposed = response.headers.get("access-control-expose-headers")?.toLowerCase().split(", ");
    expect(exposed).toEqual(expect.arrayContaining(["grpc-status", "bourse-cursor", "trailer-bourse-cursor"]));
    expect(await response.json()).toEqual({ text: "hello" });
  });
});

describe("a page of another origin", () => {
  test("is refused by the preflight", async () => {
    await using server = await startWireServer(hello, { cors });
    const response = await preflight(server.url, "https://other.example");
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  });

  test("cannot read the response", async () => {
    await using server = await startWireServer(hello, { cors });
    const response = await callFrom(server.url, "https://other.example");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("vary")).toBe("Origin");
  });
});

test("every origin is allowed by *", async () => {
  await using server = await startWireServer(hello, { cors: { ...cors, origins: ["*"] } });
  expect((await callFrom(server.url, page)).headers.get("access-control-allow-origin")).toBe("*");
});

test("no header is added without a list of origins", async () => {
  await using server = await startWireServer(hello);
  expect((await callFrom(server.url, server.url)).headers.get("access-control-allow-origin")).toBeNull();
});

function preflight(url: string, origin: string): Promise<Response> {
  const headers = { origin, "access-control-request-method": "POST" };
  return fetch(url + path, { method: "OPTIONS", headers });
}

function callFrom(url: string, origin: string): Promise<Response> {
  const headers = { origin, "content-type": "application/json" };
  return fetch(url + path, { method: "POST", headers, body: '{"scenario":"hello"}' });
}
