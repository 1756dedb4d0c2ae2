import type { DescMessage, JsonReadOptions, JsonValue, JsonWriteOptions } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ContextValues,
  createConnectRouter,
  createContextValues,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { Exchange } from "../exchange/exchange.ts";
import { ClientIdleTimeout } from "../port/client-idle-timeout.ts";
import { heapGuard } from "../protection/heap-guard.ts";
import { defaultLimits, type Limits } from "../protection/limits.ts";
import { SharedLimit } from "../protection/shared-limit.ts";
import { StalledStreams } from "../protection/stalled-streams.ts";
import { limitDecompression } from "../request/limit-decompression.ts";
import { limitHeaderEcho } from "../request/limit-header-echo.ts";
import { MessageDecoder } from "../request/message-decoder.ts";
import type { MessageLimitsOf } from "../request/message-limits.ts";
import { queryOf, type RequestFormat, requestFormatOf } from "../request/request-format.ts";
import { openRequestMessages } from "../request/request-messages.ts";
import { ResponseWriter } from "../response/response-writer.ts";
import { Call, callKey, callOf } from "./call.ts";
import { callInterceptor } from "./call-interceptor.ts";
import { type CallRecord, codeName } from "./call-record.ts";
import { answerGrpcCall, recordImplementations } from "./grpc-calls.ts";
import { protocolOf, type RpcProtocol, refuseUnknownMethod } from "./rpc-protocol.ts";

/** What a node handler serves, and how. */
export interface NodeHandlerOptions {
  /** Registers the services. */
  readonly routes: (router: ConnectRouter) => void;
  /** Run around every call, the first one outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** Makes a ConnectError of an error that a handler threw, or gives it back as it is. */
  readonly mapError?: (error: unknown) => unknown;
  /** Told of each call when it has ended. */
  readonly onCall?: (record: CallRecord) => void;
  /** Limits that are not to be the default ones. */
  readonly limits?: Partial<Limits>;
  /** What one request message of each method may be, never more than `readMaxBytes`. Default: `readMaxBytes` for all. */
  readonly requestLimits?: MessageLimitsOf;
  /** How messages are read from JSON and written to it; `registry` has the types of `google.protobuf.Any`. */
  readonly jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions>;
}

/** Serves the calls of a router, over every version of HTTP. */
export interface NodeHandler {
  /** Whether an exchange is a call of a method that is served, or looks like a call: `handle` takes those. */
  isCall(exchange: Exchange): boolean;
  /** Takes an exchange that is a call, or looks like one. False: it is none, and nothing was done to it. */
  handle(exchange: Exchange): boolean;
  /** The calls under way. */
  readonly activeCalls: number;
  /** The limit on calls under way, and what each client uses of it. */
  readonly callLimit: SharedLimit;
  /** Ends every stream with UNAVAILABLE, now and from now on; unary calls go on. */
  endStreams(): void;
}

/**
 * Makes the handlers of Connect's router serve {@link Exchange}s. The only place that knows Connect's universal
 * handlers: everything else sees services above it, and HTTP below.
 */
export function createNodeHandler(options: NodeHandlerOptions): NodeHandler {
  const limits = { ...defaultLimits, ...options.limits };
  const mapError = options.mapError ?? ((error: unknown) => error);
  const compressions = limitDecompression([compressionGzip, compressionBrotli], limits);
  let activeCalls = 0;
  const interceptors = [callInterceptor, ...(options.interceptors ?? [])];
  const { maxActiveCalls: max, peerShare } = limits;
  const callLimit = new SharedLimit({ name: "maxActiveCalls", counted: "calls under way", max }, { peerShare });
  const refusalOf = ({ session, memory }: Exchange) => {
    // The heap may have become full while the call waited for its turn.
    if (!memory.isOpen || heapGuard.isFull) return session.noRoom();
    const refusal = callLimit.refusal(session.peer);
    return refusal && new ConnectError(refusal.message, Code.ResourceExhausted);
  };
  const gate = (context: HandlerContext) => {
    const refusal = callOf(context).wire?.refusal;
    if (refusal !== undefined) throw refusal;
  };
  const router = createConnectRouter({
    interceptors,
    acceptCompression: compressions,
    readMaxBytes: limits.readMaxBytes,
    writeMaxBytes: limits.writeMaxBytes,
    maxTimeoutMs: limits.maxTimeoutMs,
    binaryOptions: { recursionLimit: limits.maxMessageDepth },
    jsonOptions: { ...options.jsonOptions, recursionLimit: limits.maxMessageDepth },
    requestGate: gate,
  });
  const { router: recording, specs, ownOptions } = recordImplementations(router);
  options.routes(recording);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  const decoders = new Map(
    router.handlers.map(({ requestPath, method }) => {
      const own = ownOptions.get(requestPath);
      const { maxBytes, ...checks } = options.requestLimits?.(method) ?? { maxBytes: limits.readMaxBytes };
      const most = Math.min(maxBytes, own?.readMaxBytes ?? limits.readMaxBytes);
      const jsonOptions = own?.jsonOptions ?? options.jsonOptions;
      const { maxMessageDepth } = limits;
      const decoderOptions = { limits: { maxBytes: most, ...checks }, maxMessageDepth, jsonOptions, mapError };
      return [requestPath, new MessageDecoder(method, decoderOptions)];
    }),
  );
  const responseOptions = { compressions, writeMaxBytes: limits.writeMaxBytes };
  const grpcOptions = { interceptors, compressions, maxTimeoutMs: limits.maxTimeoutMs, gate };
  const streams = new StalledStreams(limits.stallTimeoutMs);
  let streamsEnd: ConnectError | undefined;

  async function serve(exchange: Exchange, handler: UniversalHandler, protocol: RpcProtocol): Promise<void> {
    // Its turn may come when its client has gone.
    if (exchange.gone) return;
    activeCalls++;
    const start = performance.now();
    const { peer } = exchange.session;
    const refusal = refusalOf(exchange);
    if (refusal === undefined) callLimit.count(peer);
    const kind = handler.method.methodKind;
    if (kind === "unary" || kind === "server_streaming") exchange.body.expectWithin(limits.requestTimeoutMs);
    if (kind !== "unary") streams.add(exchange);
    if (kind !== "unary" && streamsEnd !== undefined) exchange.cancel(streamsEnd);
    const writer = new ResponseWriter(exchange, protocol, responseOptions);
    const format = requestFormatOf(exchange, protocol, kind === "unary");
    const decoder = decoders.get(handler.requestPath);
    const idleTimeout = clientStreams(handler)
      ? new ClientIdleTimeout(exchange.body, limits, () => call.messagesOut)
      : undefined;
    const giveWay = (step: () => void) => exchange.session.enqueue(step);
    const requestOptions = { compressions, idleTimeout, holdsMessages: kind === "unary", giveWay };
    const requests = format && decoder && openRequestMessages(exchange, format, { decoder, ...requestOptions });
    const isFast = protocol === "grpc" && exchange.method === "POST" && format?.binary === true;
    const spec = isFast ? specs.get(handler.requestPath) : undefined;
    const openEnvelopes = (header: Headers, schema: DescMessage) => writer.openEnvelopes(header, schema, call);
    const call = new Call(limits.maxMetadataBytes, {
      requests,
      refusal,
      giveWay,
      idleTimeout,
      failRequests: (error) => exchange.body.fail(error),
      mapError,
      sendHeader: (context) => writer.sendHeader(context.responseHeader, call),
      openEnvelopes,
      peer,
      // The trailers of the other protocols are part of the body.
      maxTrailerBytes: protocol === "grpc" ? exchange.maxHeaderListBytes : Number.POSITIVE_INFINITY,
    });
    const contextValues = createContextValues().set(callKey, call);
    const onFailure = (error: unknown) => {
      call.failure ??= error;
    };
    let outcome = "ok";
    try {
      const response =
        spec !== undefined && requests !== undefined
          ? await answerGrpcCall({ spec, exchange, requests, contextValues, openEnvelopes, onFailure }, grpcOptions)
          : await handler(
              universalRequest(exchange, {
                format,
                unary: kind === "unary",
                emptyJson: decoder?.emptyJson ?? null,
                contextValues,
              }),
            );
      await writer.write(response, call);
      outcome = outcomeOf(response, call);
    } catch (error) {
      onFailure(error);
      outcome = codeName(ConnectError.from(error).code);
      if (!exchange.gone) exchange.abort();
    } finally {
      idleTimeout?.[Symbol.dispose]();
      activeCalls--;
      if (refusal === undefined) callLimit.remove(peer);
      streams.delete(exchange);
    }
    if (exchange.gone) outcome = "canceled";
    options.onCall?.({
      method: `${handler.service.typeName}/${handler.method.name}`,
      protocol,
      httpVersion: exchange.httpVersion,
      peer: exchange.peer,
      code: outcome,
      durationMs: performance.now() - start,
      messagesIn: requests?.count ?? call.messagesIn,
      messagesOut: call.messagesOut,
      bytesIn: exchange.bytesIn,
      bytesOut: exchange.bytesOut,
      failure: call.failure,
    });
  }

  return {
    isCall: (exchange) => handlers.has(pathOf(exchange)) || protocolOf(exchange) !== undefined,
    handle(exchange) {
      const path = pathOf(exchange);
      const handler = handlers.get(path);
      const protocol = protocolOf(exchange);
      if (handler === undefined) return protocol !== undefined && refuseUnknownMethod(exchange, path, protocol);
      if (protocol === "grpc" && exchange.httpVersion !== "2.0") {
        refuse(exchange, 505, "gRPC needs HTTP/2: use it, or gRPC-Web or Connect, which HTTP/1.1 can carry");
      } else if (!URL.canParse(exchange.origin + exchange.target)) {
        refuse(exchange, 400, "the Host header or the path is malformed");
      } else {
        const ran = exchange.session.run(() => void serve(exchange, handler, protocol ?? "connect"));
        if (!ran) exchange.body.countUnread();
      }
      return true;
    },
    get activeCalls() {
      return activeCalls;
    },
    callLimit,
    endStreams() {
      streamsEnd = new ConnectError("the server is shutting down: connect again and go on", Code.Unavailable);
      for (const exchange of streams) exchange.session.resume(() => exchange.cancel(streamsEnd as ConnectError));
    },
  };
}

function pathOf({ target }: Exchange): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

function clientStreams({ method }: UniversalHandler): boolean {
  return method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
}

/**
 * A request as Connect sees it: with an empty message, or with none if the method's requests are a stream. The call's
 * interceptor puts the messages of the wire in their place, so that each was within its method's limits before anything
 * was made of it.
 */
function universalRequest(exchange: Exchange, options: UniversalRequestOptions): UniversalServerRequest {
  const { httpVersion, method, signal, origin, target } = exchange;
  const header = limitHeaderEcho(exchange.header);
  const url = origin + (options.format?.framing === "query" ? emptyQuery(exchange, options) : target);
  const body = options.unary ? emptyBody(options) : nothing;
  return { httpVersion, method, header, body, url, signal, contextValues: options.contextValues };
}

interface UniversalRequestOptions {
  readonly format: RequestFormat | undefined;
  readonly unary: boolean;
  readonly emptyJson: JsonValue;
  readonly contextValues: ContextValues;
}

function emptyQuery(exchange: Exchange, { format, emptyJson }: UniversalRequestOptions): string {
  const query = queryOf(exchange);
  query.delete("base64");
  query.set("message", format?.binary === false ? JSON.stringify(emptyJson) : "");
  // Connect would decompress the empty message; what it does not know it is to refuse.
  if (format?.encoding === "gzip" || format?.encoding === "br") query.delete("compression");
  return `${exchange.target.split("?", 1)[0]}?${query}`;
}

function emptyBody({ format, emptyJson }: UniversalRequestOptions): UniversalServerRequest["body"] {
  if (format === undefined || format.framing === "query") return nothing;
  const empty = format.binary ? new Uint8Array(0) : Buffer.from(JSON.stringify(emptyJson));
  if (format.framing === "envelopes") return only(Buffer.concat([Buffer.from([0, 0, 0, 0, empty.length]), empty]));
  // Connect takes the bytes, or the JSON, of a body that a framework has read before, and asks for no length then.
  return format.binary ? (empty as unknown as JsonValue) : emptyJson;
}

async function* only(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** A body without bytes: what Connect is given if the messages go around it. */
const nothing: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

function refuse(exchange: Exchange, status: number, reason: string): void {
  exchange.respond(status, { "content-type": "text/plain" });
  void exchange.write([Buffer.from(`${reason}\n`)]);
  void exchange.end();
}

function outcomeOf(response: UniversalServerResponse, call: Call): string {
  if (call.failure !== undefined) return codeName(ConnectError.from(call.failure, Code.Internal).code);
  const grpcStatus = Number(response.trailer?.get("grpc-status") ?? "0");
  if (grpcStatus !== 0) return codeName(grpcStatus);
  return response.status === 200 ? "ok" : `http_${response.status}`;
}
