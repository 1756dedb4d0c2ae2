import { parseContentType as parseConnect } from "@connectrpc/connect/protocol-connect";
import { parseContentType as parseGrpc } from "@connectrpc/connect/protocol-grpc";
import { parseContentType as parseGrpcWeb } from "@connectrpc/connect/protocol-grpc-web";
import type { Exchange } from "../exchange/exchange.ts";
import type { RpcProtocol } from "../rpc/rpc-protocol.ts";

/** How a request carries its messages. */
export interface RequestFormat {
  /** In envelopes, as the body, or in the query of the target. */
  readonly framing: "envelopes" | "body" | "query";
  /** Protobuf, or JSON. */
  readonly binary: boolean;
  /** The flag of envelopes that carry no message: the end of a stream, or trailers. 0: there is none. */
  readonly ignoredFlag: number;
  /** The name of the compression that the request names; null if there is none. */
  readonly encoding: string | null;
}

/** https://connectrpc.com/docs/protocol#error-end-stream */
const endStreamFlag = 0x02;

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md */
const trailersFlag = 0x80;

/**
 * The format of a request to a method, by its headers and its target. Undefined if Connect's handler refuses the
 * content type.
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
      if (method === "GET") return unary ? queryFormat(exchange) : undefined;
      const type = parseConnect(contentType);
      if (type === undefined || type.stream === unary) return undefined;
      if (type.stream) return envelopes(type.binary, endStreamFlag, header.get("connect-content-encoding"));
      const encoding = header.get("content-encoding");
      return { framing: "body", binary: type.binary, ignoredFlag: 0, encoding: named(encoding) };
    }
  }
}

function envelopes(binary: boolean, ignoredFlag: number, encoding: string | null): RequestFormat {
  return { framing: "envelopes", binary, ignoredFlag, encoding: named(encoding) };
}

/** https://connectrpc.com/docs/protocol#unary-get-request */
function queryFormat(exchange: Exchange): RequestFormat | undefined {
  const query = queryOf(exchange);
  const encoding = query.get("encoding");
  if (encoding !== "proto" && encoding !== "json") return undefined;
  return { framing: "query", binary: encoding === "proto", ignoredFlag: 0, encoding: named(query.get("compression")) };
}

function named(encoding: string | null): string | null {
  return encoding === "identity" ? null : encoding;
}

/** The query of an exchange's target. */
export function queryOf({ target }: Exchange): URLSearchParams {
  const start = target.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : target.slice(start + 1));
}
