import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { buffer } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WireService } from "../../gen/test/wire/v1/wire_service_pb.ts";
import { type RawRequest, responseFrames } from "./http2-responses.ts";
import { openRawSocket } from "./raw-socket.ts";
import { startWireServer, type WireServer } from "./start-wire-server.ts";

const wire = "/test.wire.v1.WireService";
/** A reset that overtakes the response does so in most runs, not in all. */
const runs = 4;

let server: WireServer;
beforeAll(async () => {
  server = await startWireServer({
    async *hello() {
      yield "hello";
    },
  });
});
afterAll(() => server?.[Symbol.asyncDispose]());

const tooLarge = Buffer.concat([Buffer.of(0, 1, 0, 0, 0), Buffer.alloc(16_000)]);

const refusals: readonly (readonly [string, RawRequest])[] = [
  ["an unknown method", { path: `${wire}/Nothing`, contentType: "application/grpc" }],
  ["a content type that is not supported", { path: `${wire}/Unary`, contentType: "application/grpc+xml" }],
  ["a message that is too large", { path: `${wire}/Unary`, contentType: "application/grpc", data: [tooLarge] }],
  [
    "a page of another origin",
    { path: `${wire}/Unary`, contentType: "application/grpc", headers: [["origin", "https://evil.example"]] },
  ],
  [
    "an unknown compression",
    {
      path: `${wire}/Unary`,
      contentType: "application/grpc",
      headers: [["grpc-encoding", "zip"]],
      data: [Buffer.of(1, 0, 0, 0, 1, 0)],
    },
  ],
  ["an unknown method of Connect", { path: `${wire}/Nothing`, contentType: "application/json" }],
  ["a content type that Connect does not support", { path: `${wire}/Unary`, contentType: "application/xml" }],
];

describe("a refused call is not reset before the end of the response:", () => {
  test.each(refusals)("%s", async (_name, request) => {
    for (let run = 0; run < runs; run++) {
      const frames = await responseFrames(server.port, request);
      const end = frames.findIndex((each) => each.endsWith("END_STREAM"));
      expect(end, frames.join(", ")).toBeGreaterThanOrEqual(0);
      expect(frames.slice(end + 1), frames.join(", ")).toEqual(["RST_STREAM 0"]);
    }
  });
});

test.each(["application/grpc", "application/grpc+proto", "application/grpc-web+proto"])(
  "a call of an unknown method with %s is answered with one HEADERS frame",
  async (contentType) => {
    const request = { path: `${wire}/Nothing`, contentType, data: [Buffer.alloc(5)], isComplete: true };
    expect(await responseFrames(server.port, request)).toEqual(["HEADERS END_STREAM"]);
  },
);

const query = `${wire}/Unary?connect=v1&encoding=json&message=%7B%22scenario%22%3A%22hello%22%7D`;

/** The method, the target, the content type, the expected status, and headers of the response. */
const responses: readonly (readonly [string, string, string | undefined, number, Record<string, string>])[] = [
  ["PUT", `${wire}/Unary`, "application/json", 405, { allow: "GET, HEAD, POST" }],
  ["DELETE", `${wire}/ServerStream`, undefined, 405, { allow: "POST" }],
  ["GET", `${wire}/ServerStream`, undefined, 405, { allow: "POST" }],
  ["HEAD", `${wire}/ServerStream`, undefined, 405, { allow: "POST" }],
  ["OPTIONS", `${wire}/Unary`, undefined, 204, { allow: "GET, HEAD, POST" }],
  ["POST", `${wire}/Unary`, "text/xml", 415, { "accept-post": "application/json, application/proto" }],
  ["POST", `${wire}/Unary`, undefined, 415, {}],
  ["POST", `${wire}/ServerStream`, "application/json", 415, { "accept-post": "application/connect+json" }],
  ["POST", `${wire}/ServerStream`, "application/grpc-web+xml", 415, { "accept-post": "application/grpc" }],
  ["GET", query, undefined, 200, { "content-type": "application/json" }],
  ["HEAD", query, undefined, 200, { "content-type": "application/json" }],
  ["GET", `${wire}/Unary`, undefined, 400, {}],
  ["GET", query.replace("json", "xml"), undefined, 400, {}],
  ["GET", query.replace("connect=v1", "connect=v9"), undefined, 400, {}],
  ["GET", query.replace("%7B", "%"), undefined, 400, {}],
  ["GET", query.replace("hello", "%FF"), undefined, 400, {}],
  ["GET", query.replace("scenario", "scenarios"), undefined, 400, {}],
  ["GET", `${query}&base64=1`, undefined, 400, {}],
  ["GET", `${query}&compression=gzip`, undefined, 400, {}],
  ["GET", `${query}&compression=zip`, undefined, 501, {}],
];

describe.each(["1.1", "2"])("HTTP/%s answers", (version) => {
  test.each(responses)("%s %s with content type %s: %i", async (method, target, contentType, status, headers) => {
    const response = await (version === "2" ? requestHttp2 : requestHttp1)(method, target, contentType);
    expect(response.status, response.body).toBe(status);
    for (const [name, value] of Object.entries(headers)) expect(response.headers[name]).toContain(value);
    if (method === "HEAD") expect(response.body).toBe("");
  });
});

test("a refused call is recorded with its HTTP status", async () => {
  await requestHttp2("POST", `${wire}/Unary`, "text/xml");
  expect(server.calls.at(-1)).toMatchObject({ method: "test.wire.v1.WireService/Unary", code: "http_415" });
});

test.each(["grpc", "grpc-web", "connect"] as const)("a timeout of a month is accepted, by %s", async (protocol) => {
  const month = protocol === "connect" ? { "connect-timeout-ms": "9999999999" } : { "grpc-timeout": "720H" };
  const options = { baseUrl: server.url, httpVersion: "2" as const };
  const transport =
    protocol === "grpc"
      ? createGrpcTransport(options)
      : protocol === "connect"
        ? createConnectTransport(options)
        : createGrpcWebTransport(options);
  const client = createClient(WireService, transport);
  expect((await client.unary({ scenario: "hello" }, { headers: month })).text).toBe("hello");
});

test("Expect: 100-continue on HTTP/2 gets status 100 before the body is sent", async () => {
  const session = connect(server.url);
  const headers = {
    ":method": "POST",
    ":path": `${wire}/Unary`,
    "content-type": "application/json",
    expect: "100-continue",
  };
  const stream = session.request(headers);
  await once(stream, "continue");
  stream.end('{"scenario":"hello"}');
  expect((await buffer(stream)).toString()).toBe('{"text":"hello"}');
  session.destroy();
});

interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function requestHttp2(method: string, path: string, contentType: string | undefined): Promise<Response> {
  const session = connect(server.url);
  const body = method === "POST" ? "{}" : undefined;
  const stream = session.request(
    { ":method": method, ":path": path, ...(contentType !== undefined && { "content-type": contentType }) },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(body);
  const headers = await new Promise<IncomingHttpHeaders & { ":status"?: number }>((resolve, reject) =>
    stream.once("response", resolve).once("error", reject),
  );
  const text = (await buffer(stream)).toString();
  session.destroy();
  return { status: Number(headers[":status"]), headers, body: text };
}

async function requestHttp1(method: string, path: string, contentType: string | undefined): Promise<Response> {
  using raw = await openRawSocket(server.port);
  const type = contentType === undefined ? "" : `content-type: ${contentType}\r\n`;
  const body = method === "POST" ? "{}" : "";
  const length = method === "POST" ? "content-length: 2\r\n" : "";
  raw.send(`${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${type}${length}connection: close\r\n\r\n${body}`);
  const [head = "", text = ""] = (await raw.closed).split("\r\n\r\n", 2);
  const [statusLine = "", ...fields] = head.split("\r\n");
  const headers = Object.fromEntries(
    fields.map((field) => [field.split(":", 1)[0]?.toLowerCase(), field.replace(/^[^:]*: */, "")]),
  );
  return { status: Number(statusLine.split(" ")[1]), headers, body: text };
}
