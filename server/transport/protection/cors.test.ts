import { once } from "node:events";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";
import { createStaticFiles } from "../static-files.ts";

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

describe("a page of an allowed origin may read", () => {
  const get = `${path}?encoding=json&message=${encodeURIComponent('{"scenario":"hello"}')}`;

  test.each([
    ["a response", "GET", get, undefined, 200],
    ["an error", "GET", get.replace("hello", "nothing"), undefined, 500],
    ["that a method is unknown", "POST", "/test.wire.v1.WireService/Nothing", "application/json", 404],
    ["that a content type is not supported", "POST", path, "text/xml", 415],
    ["that an HTTP method is not allowed", "PUT", path, undefined, 405],
    ["that a parameter is wrong", "GET", `${path}?encoding=xml`, undefined, 400],
    ["a file", "GET", "/index.html", undefined, 200],
    ["that a file is missing", "GET", "/missing.js", undefined, 404],
    ["that files cannot be written", "POST", "/index.html", undefined, 405],
  ])("%s, over HTTP/1.1 and HTTP/2", async (_what, method, target, contentType, status) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-cors-"));
    await writeFile(join(folder.path, "index.html"), "the page");
    await using server = await startWireServer(hello, { cors, otherwise: createStaticFiles(folder.path) });
    const headers = { origin: page, ...(contentType !== undefined && { "content-type": contentType }) };
    const first = await fetch(server.url + target, { method, headers });
    expect([first.status, first.headers.get("access-control-allow-origin")]).toEqual([status, page]);
    expect(first.headers.get("vary")).toContain("Origin");

    const session = connect(server.url);
    const stream = session.request({ ":method": method, ":path": target, ...headers }, { endStream: true });
    const [second] = await once(stream, "response");
    expect([second[":status"], second["access-control-allow-origin"]]).toEqual([status, page]);
    expect(second.vary).toContain("Origin");
    session.destroy();
  });
});

test("a unary response depends on the compressions that the client accepts, with and without CORS", async () => {
  await using server = await startWireServer(hello);
  expect((await callFrom(server.url, server.url)).headers.get("vary")).toBe("Accept-Encoding");
  await using withCors = await startWireServer(hello, { cors });
  expect((await callFrom(withCors.url, page)).headers.get("vary")).toBe("Origin, Accept-Encoding");
});
