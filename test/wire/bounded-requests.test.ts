import { request as requestHttp1 } from "node:http";
import { connect } from "node:http2";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { QuoteService, WatchQuotesRequestSchema } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { type QuoteServer, startQuoteServer } from "./quote-server.ts";

let quotes: QuoteServer;
beforeAll(async () => {
  quotes = await startQuoteServer(["ACME"]);
});
afterAll(() => quotes.server[Symbol.asyncDispose]());

/** The maximum size of an error for any request, in bytes. */
const maxErrorBytes = 8 * 1024;

const ways = [
  ["gRPC", createGrpcTransport, false],
  ["gRPC with gzip", createGrpcTransport, true],
  ["gRPC-Web", createGrpcWebTransport, false],
  ["Connect", createConnectTransport, false],
  ["Connect with gzip", createConnectTransport, true],
] as const;

describe.each(ways.flatMap(([name, make, gzip]) => [true, false].map((binary) => ({ name, make, gzip, binary }))))(
  "over $name, protobuf: $binary",
  ({ make, gzip, binary }) => {
    const client = () => {
      const compression = { ...(gzip && { sendCompression: gzipOf, compressMinBytes: 1 }) };
      const options = {
        baseUrl: quotes.server.url,
        useBinaryFormat: binary,
        httpVersion: "2",
        ...compression,
      } as const;
      return createClient(QuoteService, make(options));
    };

    test("a list that is too long is INVALID_ARGUMENT and names its field", async () => {
      const error = await errorOf(first(client().watchQuotes({ symbols: Array.from({ length: 20_000 }, () => "") })));
      expect(error.code).toBe(Code.InvalidArgument);
      expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([{ field: "symbols" }]);
    });

    test("a message that is too large is RESOURCE_EXHAUSTED", async () => {
      const stream = await errorOf(first(client().watchQuotes({ symbols: ["x".repeat(3_000_000)] })));
      const unary = await errorOf(client().getQuote({ symbol: "x".repeat(100_000) }));
      expect([stream.code, unary.code]).toEqual([Code.ResourceExhausted, Code.ResourceExhausted]);
    });

    test("an error reports the first of many violations and is small", async () => {
      const error = await errorOf(
        first(client().watchQuotes({ symbols: Array.from({ length: 9_000 }, () => "x".repeat(65)) })),
      );
      expect(error.code).toBe(Code.InvalidArgument);
      expect(error.rawMessage.length).toBeLessThan(1_100);
      expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("symbols[0]");
    });

    test("a request with the maximum number of symbols is accepted", async () => {
      const symbols = Array.from({ length: 10_000 }, (_, n) => `${n}`.padEnd(64, "x"));
      const response = await first(client().watchQuotes({ symbols }));
      expect(response?.event.case).toBe("started");
    });
  },
);

describe("an error is small even if it quotes", () => {
  const long = "x".repeat(12_000);
  const get = "/bourse.quote.v1.QuoteService/GetQuote";
  test.each([
    ["the path of an unknown method", { path: `/${long}`, "content-type": "application/json" }],
    ["the path of an unknown method of gRPC-Web", { path: `/${long}`, "content-type": "application/grpc-web" }],
    ["an unknown compression", { path: get, "content-type": "application/json", "content-encoding": long }],
    [
      "an unknown compression of gRPC-Web",
      { path: get, "content-type": "application/grpc-web", "grpc-encoding": long },
    ],
    ["a timeout", { path: get, "content-type": "application/json", "connect-timeout-ms": long }],
    ["JSON", { path: get, "content-type": "application/json", body: `{"symbol":[${JSON.stringify(long)}]}` }],
    [
      "an unknown enum value",
      {
        path: get.replace("GetQuote", "ListCandles"),
        "content-type": "application/json",
        body: `{"interval":${JSON.stringify(long)}}`,
      },
    ],
    ["base64", { path: `${get}?encoding=proto&base64=1&message=${long}!`, method: "GET" }],
    ["an origin", { path: get, "content-type": "application/json", origin: `http://${long}` }],
  ])("%s", async (_what, options) => {
    const { path, body = "{}", method = "POST", ...headers } = { body: undefined, method: undefined, ...options };
    const bytes = await answerBytes({ path, method, headers }, method === "POST" ? body : "");
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(maxErrorBytes);
  });
});

test.each([
  ["no protobuf", { "content-type": "application/proto" }, Buffer.from([0x0a, 5])],
  ["no UTF-8 in protobuf", { "content-type": "application/proto" }, Buffer.from([0x0a, 1, 0xff])],
  ["no UTF-8 in JSON", { "content-type": "application/json" }, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ["a key twice in JSON", { "content-type": "application/json" }, Buffer.from('{"symbol":"A","symbol":"B"}')],
  [
    "gzip that ends early",
    { "content-type": "application/proto", "content-encoding": "gzip" },
    gzipSync("x").subarray(0, 15),
  ],
  [
    "gzip whose header does not end",
    { "content-type": "application/proto", "content-encoding": "gzip" },
    Buffer.from("\x1f\x8b\x08\x08\0\0\0\0\0\x03aaaaaa", "latin1"),
  ],
])("%s is INVALID_ARGUMENT", async (_what, headers, body) => {
  const answer = await fetch(`${quotes.server.url}/bourse.quote.v1.QuoteService/GetQuote`, {
    method: "POST",
    headers,
    body,
  });
  expect(await answer.json()).toMatchObject({ code: "invalid_argument" });
});

test("the limit of a method applies to a compressed message of a GET", async () => {
  const message = gzipSync(Buffer.alloc(1_000_000)).toString("base64url");
  const query = `connect=v1&encoding=proto&base64=1&compression=gzip&message=${message}`;
  const answer = await fetch(`${quotes.server.url}/bourse.quote.v1.QuoteService/GetQuote?${query}`);
  expect(await answer.json()).toMatchObject({ code: "resource_exhausted" });
});

test.each(["proto", "json"])("a GET in %s is accepted with and without compression", async (encoding) => {
  const plain =
    encoding === "proto" ? Buffer.from([0x0a, 4, 0x41, 0x43, 0x4d, 0x45]) : Buffer.from('{"symbol":"ACME"}');
  for (const [message, compression] of [
    [plain, ""],
    [gzipSync(plain), "&compression=gzip"],
  ] as const) {
    const query = `connect=v1&encoding=${encoding}&base64=1&message=${message.toString("base64url")}${compression}`;
    const answer = await fetch(`${quotes.server.url}/bourse.quote.v1.QuoteService/GetQuote?${query}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, `application/${encoding}`]);
  }
});

test.each([true, false])(
  "an open stream does not keep its request in memory (protobuf: %s)",
  { tags: ["slow"], timeout: 60_000 },
  async (binary) => {
    // Different ones for each stream, because V8 can share equal strings.
    const messageOf = (stream: number) => {
      const symbols = Array.from({ length: 10_000 }, (_, n) => `${stream}/${n}`.padEnd(64, "x"));
      const request = create(WatchQuotesRequestSchema, { symbols });
      if (binary) return toBinary(WatchQuotesRequestSchema, request);
      return Buffer.from(toJsonString(WatchQuotesRequestSchema, request));
    };
    const session = connect(quotes.server.url, { settings: { initialWindowSize: 16 * 1024 * 1024 } });
    session.once("connect", () => session.setLocalWindowSize(64 * 1024 * 1024));
    onTestFinished(() => session.destroy());
    const open = (message: Uint8Array) =>
      new Promise<void>((resolve) => {
        const stream = session.request({
          ":method": "POST",
          ":path": "/bourse.quote.v1.QuoteService/WatchQuotes",
          "content-type": `application/connect+${binary ? "proto" : "json"}`,
        });
        stream.on("data", countdown(message.length, resolve));
        const prefix = Buffer.alloc(5);
        prefix.writeUInt32BE(message.length, 1);
        stream.end(Buffer.concat([prefix, message]));
      });
    await open(messageOf(0));
    const before = memoryAfterCollection();
    const streams = 50;
    for (let n = 0; n < streams; n++) await open(messageOf(n + 1));
    const grown = memoryAfterCollection() - before;
    // A request has 660 KB, and its decoded message more than 1 MB.
    expect(grown / streams).toBeLessThan(150_000);
  },
);

/**
 * Creates a listener that calls `done` after more bytes than the request has. The first response reports each symbol as
 * unknown, and the second one reports that the stream has caught up. The listener is not a closure of the test, because
 * that would keep the request in memory.
 */
function countdown(bytes: number, done: () => void): (chunk: Buffer) => void {
  let left = bytes;
  return (chunk) => {
    left -= chunk.length;
    if (left < 0) done();
  };
}

function memoryAfterCollection(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const gzipOf = {
  name: "gzip",
  compress: async (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  decompress: async (bytes: Uint8Array) => new Uint8Array(bytes),
};

/** Returns the number of bytes of a response: of its headers and its body. */
function answerBytes(
  options: { path: string; method: string; headers: Record<string, string> },
  body: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = requestHttp1(`${quotes.server.url}${options.path}`, { ...options, agent: false }, (response) => {
      let bytes = response.rawHeaders.join("").length;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.once("end", () => resolve(bytes));
    });
    request.once("error", reject);
    request.end(body);
  });
}

async function first<T>(messages: AsyncIterable<T>): Promise<T | undefined> {
  for await (const message of messages) return message;
  return undefined;
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => {
      throw new Error("the call has ended well");
    },
    (error) => ConnectError.from(error),
  );
}
