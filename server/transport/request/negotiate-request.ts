import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { Exchange, OutgoingHeaders } from "../exchange/exchange.ts";
import { maxEchoBytes, truncateText } from "../response/truncate-error.ts";
import { codeName } from "../rpc/call-record.ts";
import type { RpcProtocol } from "../rpc/rpc-protocol.ts";
import { queryOf, type RequestFormat, requestFormatOf } from "./request-format.ts";

/** The response to a request that is not a valid call of a method. */
export interface RequestRefusal {
  readonly status: 204 | 400 | 405 | 415 | 505;
  readonly headers: OutgoingHeaders;
  readonly body: string;
}

/** Returns the format of a request to a method, or why it is refused. */
export function negotiateRequest(
  exchange: Exchange,
  method: DescMethod,
  protocol: RpcProtocol,
): RequestFormat | RequestRefusal {
  const isUnary = method.methodKind === "unary";
  const acceptsGet = isUnary && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  const allow = acceptsGet ? "GET, HEAD, POST" : "POST";
  const isGet = exchange.method === "GET" || exchange.method === "HEAD";
  if (exchange.method === "OPTIONS") return { status: 204, headers: { allow }, body: "" };
  if (exchange.method !== "POST" && !(isGet && acceptsGet)) {
    const shown = truncateText(exchange.method, maxEchoBytes);
    return refusal(405, `${shown} is not allowed for ${method.name}: use ${allow}`, { allow });
  }
  if (protocol === "grpc" && exchange.httpVersion !== "2.0") {
    return refusal(505, "gRPC needs HTTP/2: use it, or gRPC-Web or Connect, which HTTP/1.1 can carry");
  }
  if (!exchange.connection.canParse(exchange)) return refusal(400, "the Host header or the path is malformed");
  const problem = isGet ? queryProblem(exchange) : undefined;
  if (problem !== undefined) return invalidArgument(problem);
  const format = requestFormatOf(exchange, protocol, isUnary);
  if (format !== undefined) return format;
  const accepted = isUnary ? unaryTypes : streamTypes;
  const type = exchange.header.get("content-type");
  const stated =
    type === null ? "the request has no content type" : `${truncateText(type, maxEchoBytes)} is not supported`;
  return refusal(415, `${stated}: use ${accepted}`, { "accept-post": accepted });
}

/** Whether a request is refused. */
export function isRefusal(result: RequestFormat | RequestRefusal): result is RequestRefusal {
  return "status" in result;
}

const grpcTypes =
  "application/grpc, application/grpc+proto, application/grpc+json, application/grpc-web, application/grpc-web+proto, application/grpc-web+json";
const unaryTypes = `application/json, application/proto, ${grpcTypes}`;
const streamTypes = `application/connect+json, application/connect+proto, ${grpcTypes}`;

/** https://connectrpc.com/docs/protocol#unary-get-request */
function queryProblem(exchange: Exchange): string | undefined {
  const query = queryOf(exchange);
  const encoding = query.get("encoding");
  const version = query.get("connect");
  if (encoding === null) return "the parameter `encoding` is missing: give it the value json or proto";
  if (encoding !== "json" && encoding !== "proto") {
    return `the parameter \`encoding\` is ${truncateText(encoding, maxEchoBytes)}: it must be json or proto`;
  }
  if (version !== null && version !== "v1") {
    return `the parameter \`connect\` is ${truncateText(version, maxEchoBytes)}: it must be v1`;
  }
  return undefined;
}

function refusal(status: RequestRefusal["status"], reason: string, headers: OutgoingHeaders = {}): RequestRefusal {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: `${reason}\n` };
}

function invalidArgument(message: string): RequestRefusal {
  const body = JSON.stringify({ code: codeName(Code.InvalidArgument), message });
  return { status: 400, headers: { "content-type": "application/json" }, body };
}
