import { parseContentType as parseConnect } from "@connectrpc/connect/protocol-connect";
import { parseContentType as parseGrpc } from "@connectrpc/connect/protocol-grpc";
import { parseContentType as parseGrpcWeb } from "@connectrpc/connect/protocol-grpc-web";
import type { Exchange } from "../exchange/exchange.ts";
import type { RpcProtocol } from "../rpc/rpc-protocol.ts";

/** The encoding of the messages of a request. */
export interface RequestFormat {
  /** Envelopes in the body, the body as one message, or the query of the target. */
  readonly framing: "envelopes" | "body" | "query";
  /** True for protobuf, false for JSON. */
  readonly binary: boolean;
  /** The flag of envelopes that carry no message: the end of a stream, or trailers. 0 if there is none. */
  readonly ignoredFlag: number;
  /** The compression that the request names; null if there is none. */
  readonly encoding: string | null;
}

/** https://connectrpc.com/docs/protocol#error-end-stream */
const endStreamFlag = 0x02;

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md */
const trailersFlag = 0x80;

/**
 * Returns the format of a request to a method, by its headers and its target. Returns undefined if Connect's handler refuses
 * the content type.
 */
export function requestFormatOf(exchange: Exchange, protocol: RpcProtocol, unary: boolean): RequestFormat | undefined {
  const { header, method } = exchange;
  const contentType = header.get("content-type");
  switch (protocol) {
    case "grpc": {
      const type = parseGrpc(contentType);
      return type && envelopes(type.binary, 0, header.get("grpc-encoding"));
    }
    case "grpc-web": {
      const type = parseGrpcWeb(contentType);
      return type && !type.text ? envelopes(type.binary, trailersFlag, header.get("grpc-encoding")) : undefined;
    }
    case "connect": {
      if (method !== "POST") return unary ? queryFormat(exchange) : undefined;
      const type = parseConnect(contentType);
      if (type === undefined || type.stream === unary) return undefined;
      if (type.stream) return envelopes(type.binary, endStreamFlag, header.get("connect-content-encoding"));
      const encoding = header.get("content-encoding");
      return { framing: "body", binary: type.binary, ignoredFlag: 0, encoding: compressionOf(encoding) };
    }
  }
}

function envelopes(binary: boolean, ignoredFlag: number, encoding: string | null): RequestFormat {
  return { framing: "envelopes", binary, ignoredFlag, encoding: compressionOf(encoding) };
}

/** https://connectrpc.com/docs/protocol#unary-get-request */
function queryFormat(exchange: Exchange): RequestFormat | undefined {
  const query = queryOf(exchange);
  const encoding = query.get("encoding");
  if (encoding !== "proto" && encoding !== "json") return undefined;
  return {
    framing: "query",
    binary: encoding === "proto",
    ignoredFlag: 0,
    encoding: compressionOf(query.get("compression")),
  };
}

function compressionOf(encoding: string | null): string | null {
  return encoding === "identity" ? null : encoding;
}

/** Returns the query of an exchange's target. */
export function queryOf({ target }: Exchange): URLSearchParams {
  const start = target.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : target.slice(start + 1));
}

/** The message in the query of a target. */
export interface QueryMessage {
  readonly bytes: Buffer;
  readonly isBase64: boolean;
}

/** Returns the message in the query of an exchange's target, as bytes: URLSearchParams would alter those that are not UTF-8. */
export function queryMessageOf(exchange: Exchange): QueryMessage {
  const { target } = exchange;
  const parameter = /[?&]message=([^&]*)/.exec(target)?.[1] ?? "";
  const percentDecoded = parameter
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return { bytes: Buffer.from(percentDecoded, "latin1"), isBase64: queryOf(exchange).get("base64") === "1" };
}
