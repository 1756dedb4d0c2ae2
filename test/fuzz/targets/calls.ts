import { type ClientHttp2Session, connect } from "node:http2";
import { setImmediate as nextTurn } from "node:timers/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type DescMessage, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { OrderService } from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { UploadService } from "../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { toConnectError } from "../../../server/shared/to-connect-error.ts";
import { startTransportServer } from "../../../server/transport/transport-server.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { cut, InputReader } from "../engine/input-reader.ts";

// Calls over HTTP/2 of every kind and protocol. The handler receives the same messages regardless of fragmentation, and
// they are those that a simple reader finds in the envelopes. The client receives a short response of its protocol that
// is not an internal error.

const methods = [
  UploadService.method.upload,
  OrderService.method.submitOrders,
  ProductService.method.getProduct,
] as const;

/** The content types, each with the flag of envelopes that are not messages. Undefined: no envelopes. */
const types = [
  ["application/grpc", 0],
  ["application/grpc+proto", 0],
  ["application/grpc+json", 0],
  ["application/grpc-web+proto", 0x80],
  ["application/grpc-web+json", 0x80],
  ["application/connect+proto", 0x02],
  ["application/connect+json", 0x02],
  ["application/proto", undefined],
  ["application/json", undefined],
] as const;

const encodings = ["identity", "gzip", "br", "zip"] as const;

const maxMessageBytes = 512;

/** The maximum number of fragments. Each is sent in a separate iteration of the event loop, and so in its own frame. */
const maxPieces = 8;

/** The maximum size of a response without the parts of the request that it quotes. */
const answerBytes = 4 * 1024;

/** The allowed codes for a wrong request. UNKNOWN and INTERNAL without a message are defects of the server. */
const codes = new Set<number>([
  0,
  Code.InvalidArgument,
  Code.ResourceExhausted,
  Code.Internal,
  Code.Unimplemented,
  Code.OutOfRange,
]);

interface Outcome {
  readonly messages: readonly string[];
  readonly status: number;
  readonly answer: string;
}

let received: string[] = [];
const server = await startTransportServer({
  host: "127.0.0.1",
  port: 0,
  routes: register,
  mapError: toConnectError,
  otherwise: () => {
    throw new Error("not a call");
  },
  limits: { readMaxBytes: maxMessageBytes, maxMessageDepth: 20 },
});
let session: ClientHttp2Session | undefined;

export const target: FuzzTarget = {
  maxBytes: 1_536,
  seeds: types.flatMap(([type, ignored], index) => {
    const body = type.endsWith("json") ? Buffer.from('{"id":"1"}') : Buffer.from([10, 2, 65, 66]);
    const prefix = Buffer.alloc(ignored === undefined ? 0 : 5);
    if (prefix.length > 0) prefix[4] = body.length;
    return methods.flatMap((_, method) => [
      Buffer.concat([Buffer.from([method, index, 0, 1]), prefix, body]),
      Buffer.concat([Buffer.from([method, index, 1, 0]), gzipped(prefix, gzipSync(body))]),
      Buffer.concat([Buffer.from([method, index, 2, 9]), gzipped(prefix, brotliCompressSync(body))]),
    ]);
  }),
  async run(input) {
    const reader = new InputReader(input);
    const method = reader.pick(methods);
    const [type, ignoredFlag] = reader.pick(types);
    const encoding = reader.pick(encodings);
    const how = reader.byte();
    const body = reader.rest();
    const headers = headersOf(method, type, encoding);
    const whole = await call(headers, cut(body, 0));
    const inPieces = await call(headers, limitPieces(cut(body, how)));
    invariant(
      JSON.stringify(inPieces) === JSON.stringify(whole) || failBoth(inPieces, whole),
      () => `fragmented ${JSON.stringify(inPieces)}, whole ${JSON.stringify(whole)}`,
    );
    check(whole, type, body);
    if (ignoredFlag === undefined || type.endsWith("json") || encoding !== "identity") return;
    const expected = readMessages(method.input, ignoredFlag, body).slice(
      0,
      method.methodKind === "unary" ? 1 : undefined,
    );
    invariant(
      whole.messages.every((message, index) => message === expected[index]),
      () => `the handler received ${whole.messages.join(" ")}, expected ${expected.join(" ")}`,
    );
  },
};

function register(router: ConnectRouter): void {
  const take = (schema: DescMessage, message: Message) => received.push(hex(schema, message));
  router.service(UploadService, {
    async upload(requests) {
      for await (const request of requests) take(UploadService.method.upload.input, request);
      return {};
    },
  });
  router.service(OrderService, {
    async *submitOrders(requests) {
      for await (const request of requests) {
        take(OrderService.method.submitOrders.input, request);
        yield {};
      }
    },
  });
  router.service(ProductService, {
    getProduct(request) {
      take(ProductService.method.getProduct.input, request);
      return {};
    },
  });
}

function headersOf(method: DescMethod, type: string, encoding: string): Record<string, string> {
  const prefix = type.startsWith("application/connect") ? "connect-content-" : "grpc-";
  const name = /^application\/(proto|json)$/.test(type) ? "content-encoding" : `${prefix}encoding`;
  const path = `/${method.parent.typeName}/${method.name}`;
  return { ":method": "POST", ":path": path, "content-type": type, te: "trailers", [name]: encoding };
}

async function call(headers: Record<string, string>, pieces: readonly Buffer[]): Promise<Outcome> {
  received = [];
  if (session === undefined || session.destroyed || session.closed) {
    session = connect(server.url);
    session.on("error", () => {});
    session.unref();
  }
  const stream = session.request(headers);
  const chunks: Buffer[] = [];
  let status = 0;
  let trailer: unknown = {};
  const ended = new Promise<void>((resolve) => stream.once("close", resolve));
  stream.on("response", (response) => {
    status = Number(response[":status"]);
    trailer = pick(response);
  });
  stream.on("trailers", (trailers) => {
    trailer = pick(trailers);
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A reset follows the end of the response if the server does not need the rest of the request.
  stream.on("error", () => {});
  for (const piece of pieces) {
    if (stream.destroyed || stream.writableEnded) break;
    stream.write(piece);
    await nextTurn();
  }
  stream.end();
  await ended;
  const answer = `${Buffer.concat(chunks).toString("latin1")} ${JSON.stringify(trailer)}`;
  return { messages: received, status, answer };
}

function pick(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { status: headers["grpc-status"], message: headers["grpc-message"] };
}

/**
 * Connect's reader reads ahead. If two received messages are malformed, it can report the second one, and the handler
 * may not receive the messages before them.
 */
function failBoth(a: Outcome, b: Outcome): boolean {
  const [fewer, more] = a.messages.length < b.messages.length ? [a, b] : [b, a];
  const isSame = fewer.messages.every((message, index) => message === more.messages[index]);
  return isSame && [a, b].every(({ answer }) => /"code":"|grpc-status: ?[1-9]|"status":"[1-9]/.test(answer));
}

function check({ status, answer }: Outcome, type: string, body: Buffer): void {
  // Connect's readers report malformed messages as INTERNAL.
  const isUnreadable = status === 500 && answer.startsWith('{"code":"internal","message":"parse binary: ');
  const isAnswered = status === 200 || (status >= 400 && status < 500 && status !== 408) || status === 501;
  invariant(isAnswered || isUnreadable, `the status of ${type} is ${status}: ${answer}`);
  invariant(answer.length <= answerBytes + 8 * body.length, `the response has ${answer.length} bytes`);
  invariant(!/internal error|"code":"unknown"/.test(answer), answer);
  const code = /grpc-status: ?(\d+)|"status":"(\d+)"/.exec(answer);
  if (code !== null) invariant(codes.has(Number(code[1] ?? code[2])), answer);
  if (type.startsWith("application/grpc") && status === 200) invariant(code !== null, `no status: ${answer}`);
}

/** Splits the bytes into at most {@link maxPieces} fragments. */
function limitPieces(pieces: readonly Buffer[]): Buffer[] {
  const rest = Buffer.concat(pieces.slice(maxPieces - 1));
  return [...pieces.slice(0, maxPieces - 1), ...(rest.length > 0 ? [rest] : [])];
}

/** Reads the messages up to the first malformed one. */
function readMessages(schema: DescMessage, ignoredFlag: number, bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const [flags, size] = [bytes.readUInt8(at), bytes.readUInt32BE(at + 1)];
    const body = bytes.subarray(at + 5, at + 5 + size);
    if (size > maxMessageBytes || body.length < size || (flags & 1) !== 0) break;
    at += 5 + size;
    if ((flags & ignoredFlag) !== 0) continue;
    try {
      messages.push(hex(schema, fromBinary(schema, body)));
    } catch {
      break;
    }
  }
  return messages;
}

/** Encodes a message without its unknown fields, because decoders can keep or drop them. */
function hex(schema: DescMessage, message: Message): string {
  return Buffer.from(toBinary(schema, message, { writeUnknownFields: false })).toString("hex");
}

function gzipped(prefix: Buffer, body: Buffer): Buffer {
  const compressed = Buffer.from(prefix);
  if (compressed.length > 0) [compressed[0], compressed[4]] = [1, body.length];
  return Buffer.concat([compressed, body]);
}
