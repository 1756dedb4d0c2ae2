import { gzipSync } from "node:zlib";
import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { envelope } from "../http2-frames.ts";
import type { Shape } from "./shape.ts";

/** An encoding of a call: the protocol, the HTTP version, and whether the message is compressed. */
export interface Encoding {
  readonly protocol: "gRPC" | "gRPC-Web" | "Connect" | "Connect GET";
  readonly http: 1 | 2;
  readonly gzip: boolean;
}

/** An encoded request. */
export interface HttpRequest {
  readonly http: 1 | 2;
  readonly verb: "POST" | "GET";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body in parts, so that it is not copied. */
  readonly body: readonly Uint8Array[];
  /** Whether the response consists of envelopes. */
  readonly isEnveloped: boolean;
}

/** The limits of the server: the size of a message in bytes, and the ratio of decompression. */
export interface WireLimits {
  readonly maxMessageBytes: number;
  readonly maxRatio: number;
  readonly freeBytes: number;
  readonly maxPathBytes: number;
}

/** Returns the encodings that can call a method. */
export function encodingsOf(method: DescMethod): Encoding[] {
  const isBidi = method.methodKind === "bidi_streaming";
  const versions: readonly (1 | 2)[] = isBidi ? [2] : [2, 1]; // Connect refuses bidi calls over HTTP/1.1
  const mayGet = method.methodKind === "unary" && method.idempotency === Idempotency.NO_SIDE_EFFECTS;
  const packed = [true, false];
  return packed.flatMap((gzip) => [
    { protocol: "gRPC" as const, http: 2 as const, gzip },
    ...versions.map((http) => ({ protocol: "gRPC-Web" as const, http, gzip })),
    ...versions.map((http) => ({ protocol: "Connect" as const, http, gzip })),
    ...(mayGet ? versions.map((http) => ({ protocol: "Connect GET" as const, http, gzip })) : []),
  ]);
}

/** For example `gRPC-Web, HTTP/1.1, gzip`. */
export function formatEncoding({ protocol, http, gzip }: Encoding): string {
  return `${protocol}, HTTP/${http === 1 ? "1.1" : "2"}${gzip ? ", gzip" : ""}`;
}

/** Encodes the largest request that the limits allow. Returns undefined if no request fits. */
export function requestOf(
  method: DescMethod,
  shape: Shape,
  encoding: Encoding,
  limits: WireLimits,
): HttpRequest | undefined {
  const message = encodeMessage(shape, encoding.gzip, limits.maxMessageBytes, limits);
  const path = `/${method.parent.typeName}/${method.name}`;
  const type = shape.format === "binary" ? "proto" : "json";
  const { http, gzip, protocol } = encoding;
  if (protocol === "Connect GET") return getRequest(path, type, shape, encoding, limits);
  const isUnary = method.methodKind === "unary";
  const post = { http, verb: "POST", path } as const;
  if (protocol === "Connect" && isUnary) {
    const headers = {
      ...plainAnswers,
      "content-type": `application/${type}`,
      ...(gzip && { "content-encoding": "gzip" }),
    };
    return { ...post, headers, body: [message], isEnveloped: false };
  }
  const name = protocol === "Connect" ? "connect" : protocol === "gRPC" ? "grpc" : "grpc-web";
  const encodingHeader = protocol === "Connect" ? "connect-content-encoding" : "grpc-encoding";
  const headers = {
    ...plainAnswers,
    "content-type": `application/${name}+${type}`,
    ...(protocol === "gRPC" && { te: "trailers" }),
    ...(gzip && { [encodingHeader]: "gzip" }),
  };
  const prefix = envelope(gzip ? 1 : 0, Buffer.of(), message.length);
  const one = [prefix, message];
  const body =
    shape.copies === 1 ? one : [Buffer.alloc(shape.copies * (prefix.length + message.length), Buffer.concat(one))];
  return { ...post, headers, body, isEnveloped: true };
}

/** Requests an uncompressed response, because servers can compress responses to compressed requests. */
const plainAnswers = {
  "accept-encoding": "identity",
  "grpc-accept-encoding": "identity",
  "connect-accept-encoding": "identity",
};

function getRequest(
  path: string,
  type: string,
  shape: Shape,
  { http, gzip }: Encoding,
  limits: WireLimits,
): HttpRequest | undefined {
  // Halves the size until the message fits, because the effect of gzip and base64 depends on the message.
  for (let maxBytes = limits.maxMessageBytes; maxBytes > 256; maxBytes = Math.floor(maxBytes / 2)) {
    const message = encodeMessage(shape, gzip, maxBytes, limits);
    const query = `?connect=v1&encoding=${type}${gzip ? "&compression=gzip" : ""}&base64=1&message=`;
    const url = `${path}${query}${message.toString("base64url")}`;
    if (url.length <= limits.maxPathBytes)
      return { http, verb: "GET", path: url, headers: plainAnswers, body: [], isEnveloped: false };
    if (!shape.isLarge) return undefined;
  }
  return undefined;
}

/** Builds the message. Leaves its end uncompressed if the ratio of decompression would exceed the limit. */
function encodeMessage(shape: Shape, gzip: boolean, maxBytes: number, limits: WireLimits): Buffer {
  const plain = shape.build(maxBytes);
  if (!gzip) return plain;
  const packed = gzipSync(plain, { level: 1 });
  const missing = Math.ceil(plain.length / limits.maxRatio) - packed.length;
  if (plain.length <= limits.freeBytes || missing <= 0) return packed;
  const start = plain.length - missing - gzipSpareBytes;
  // A gzip file can have several members: https://www.rfc-editor.org/rfc/rfc1952#section-2.2
  const stored = gzipSync(plain.subarray(start), { level: 0 });
  return Buffer.concat([gzipSync(plain.subarray(0, start), { level: 1 }), stored]);
}

/** The overhead of a gzip member. */
const gzipSpareBytes = 64;
