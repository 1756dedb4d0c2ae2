import { once } from "node:events";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWireServer, type WireServer } from "../../../test/wire/start-wire-server.ts";
import { createStaticFiles } from "../static-files.ts";

const resources = new AsyncDisposableStack();
let server: WireServer;

beforeAll(async () => {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-nosniff-")));
  await writeFile(join(folder.path, "file.txt"), "text");
  const hello = {
    async *hello() {
      yield "hello";
    },
  };
  const cors = { origins: ["https://page.example"], exposedNames: [] };
  server = resources.use(await startWireServer(hello, { cors, otherwise: createStaticFiles(folder.path) }));
});

afterAll(() => resources.disposeAsync());

const method = "/test.wire.v1.WireService/Unary";
const hello = '{"scenario":"hello"}';
const get = `${method}?connect=v1&encoding=json&message=${encodeURIComponent(hello)}`;
const json = { "content-type": "application/json" };
const huge = "x".repeat(14_000);

interface Case {
  readonly what: string;
  readonly status: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const cases: readonly Case[] = [
  { what: "a call", status: 200, path: method, headers: json, body: hello },
  { what: "a call by GET", status: 200, path: get, headers: {} },
  { what: "a call that fails", status: 500, path: method, headers: json, body: '{"scenario":"unknown"}' },
  {
    what: "a stream",
    status: 200,
    path: method.replace("Unary", "ServerStream"),
    headers: { "content-type": "application/connect+json" },
    body: "\0\0\0\0\0",
  },
  {
    what: "a call of gRPC-Web",
    status: 200,
    path: method,
    headers: { "content-type": "application/grpc-web+json" },
    body: `\0\0\0\0\x14${hello}`,
  },
  { what: "an unknown method", status: 404, path: `${method}s`, headers: json, body: hello },
  {
    what: "an unknown content type",
    status: 415,
    path: method,
    headers: { "content-type": "text/plain" },
    body: hello,
  },
  { what: "a page of another origin", status: 403, path: method, headers: { ...json, origin: "https://evil.example" } },
  { what: "a page of another site", status: 403, path: get, headers: { "sec-fetch-site": "cross-site" } },
  {
    what: "a preflight",
    status: 204,
    path: method,
    headers: { origin: "https://page.example", "access-control-request-method": "POST" },
  },
  { what: "a file", status: 200, path: "/file.txt", headers: {} },
  { what: "a missing file", status: 404, path: "/other.txt", headers: {} },
];

const foreignHost = { what: "a foreign host name", status: 421, path: "/", headers: { host: "evil.example" } };

test.each<Case>([...cases, foreignHost])("over HTTP/1.1, $what is answered with nosniff", async (each) => {
  const { status, path, headers, body } = each;
  const options = { host: "127.0.0.1", port: server.port, path, method: methodOf(each), headers, agent: false };
  const sent = request({ ...options, setHost: !("host" in headers) });
  sent.end(body);
  const [response] = await once(sent, "response");
  response.resume();
  expect([response.statusCode, response.headers["x-content-type-options"]]).toEqual([status, "nosniff"]);
});

const largeHeaders = { what: "a large header", status: 431, path: "/", headers: { "x-one": huge, "x-two": huge } };

test.each<Case>([...cases, largeHeaders])("over HTTP/2, $what is answered with nosniff", async (each) => {
  const session = connect(server.url);
  const stream = session.request({ ":method": methodOf(each), ":path": each.path, ...each.headers });
  stream.on("error", () => {}).end(each.body);
  const [response] = await once(stream, "response");
  stream.resume();
  session.close();
  expect([response[":status"], response["x-content-type-options"]]).toEqual([each.status, "nosniff"]);
});

function methodOf({ headers, body }: Case): string {
  if ("access-control-request-method" in headers) return "OPTIONS";
  return body === undefined ? "GET" : "POST";
}
