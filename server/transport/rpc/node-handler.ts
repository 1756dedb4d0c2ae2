import type { DescMessage, JsonReadOptions, JsonWriteOptions } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  createContextValues,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { Exchange } from "../exchange/exchange.ts";
import { defaultLimits, type Limits } from "../protection/default-limits.ts";
import { heapGuard } from "../protection/heap-guard.ts";
import { SharedLimit } from "../protection/shared-limit.ts";
import { StalledStreams } from "../protection/stalled-client-timeout.ts";
import { ClientIdleTimeout } from "../request/client-idle-timeout.ts";
import { limitDecompression } from "../request/limit-decompression.ts";
import { MessageDecoder, type RequestLimits } from "../request/message-decoder.ts";
import { isRefusal, negotiateRequest, type RequestRefusal } from "../request/negotiate-request.ts";
import { readRequestMessages } from "../request/read-request-messages.ts";
import type { RequestFormat } from "../request/request-format.ts";
import { ResponseWriter } from "../response/response-writer.ts";
import { answerGrpcCall, recordImplementations } from "./answer-grpc-call.ts";
import { Call, callKey, callOf } from "./call.ts";
import { type CallRecord, codeName } from "./call-record.ts";
import { createPlaceholderRequest } from "./connect-placeholder-request.ts";
import { protocolOf, type RpcProtocol, refuseUnknownMethod } from "./rpc-protocol.ts";
import { wireInterceptor } from "./wire-interceptor.ts";

/** Options of a node handler. */
export interface NodeHandlerOptions {
  /** Registers the services. */
  readonly routes: (router: ConnectRouter) => void;
  /** Run around every call, the first one outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** Returns the ConnectError for an error that a handler threw, or the error itself. */
  readonly mapError?: (error: unknown) => unknown;
  /** Called after the end of each call. */
  readonly onCall?: (record: CallRecord) => void;
  /** Limits that differ from the default ones. */
  readonly limits?: Partial<Limits>;
  /** The limits of each method's request messages, at most `readMaxBytes`. Default: `readMaxBytes` for all methods. */
  readonly requestLimits?: RequestLimits;
  /** Options for reading and writing JSON; `registry` has the types of `google.protobuf.Any`. */
  readonly jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions>;
}

/** Serves the calls of a router, over every version of HTTP. */
export interface NodeHandler {
  /** Whether `handle` accepts an exchange: its path is that of a method, or its content type is that of a call. */
  isCall(exchange: Exchange): boolean;
  /** Answers an exchange that is a call. Returns false, and does nothing, if the exchange is not a call. */
  handle(exchange: Exchange): boolean;
  /** The limit on calls in progress: how many there are, and of which client. */
  readonly callLimit: SharedLimit;
  /** Ends every stream with UNAVAILABLE, now and from now on. Unary calls continue. */
  endStreams(): void;
}

/**
 * Serves the handlers of Connect's router on {@link Exchange}s. No other file calls Connect's universal handlers: the
 * files above it see services, those below it HTTP (docs/decisions/0004-node-handler.md).
 */
export function createNodeHandler(options: NodeHandlerOptions): NodeHandler {
  const limits = { ...defaultLimits, ...options.limits };
  const mapError = options.mapError ?? ((error: unknown) => error);
  const compressions = limitDecompression([compressionGzip, compressionBrotli], limits);
  const interceptors = [wireInterceptor, ...(options.interceptors ?? [])];
  const { maxActiveCalls: max, peerShare } = limits;
  const callLimit = new SharedLimit({ name: "maxActiveCalls", counted: "concurrent calls", max }, { peerShare });
  const refusalOf = ({ connection, memory }: Exchange) => {
    // The heap may have become full while the call was queued.
    if (!memory.isOpen || heapGuard.isFull) return connection.memoryError();
    const refusal = callLimit.refusal(connection.peer);
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
  const servedMethods = new Map(router.handlers.map((handler) => [handler.requestPath, servedMethod(handler)]));
  const responseOptions = { compressions, writeMaxBytes: limits.writeMaxBytes };
  const grpcOptions = { interceptors, compressions, maxTimeoutMs: limits.maxTimeoutMs, gate };
  const streams = new StalledStreams<Exchange>(limits.stallTimeoutMs);
  let shutdownError: ConnectError | undefined;

  function servedMethod(handler: UniversalHandler): ServedMethod {
    const { requestPath, method, service } = handler;
    const own = ownOptions.get(requestPath);
    const { maxBytes: methodMaxBytes, ...checks } = options.requestLimits?.(method) ?? {
      maxBytes: limits.readMaxBytes,
    };
    const maxBytes = Math.min(methodMaxBytes, own?.readMaxBytes ?? limits.readMaxBytes);
    const jsonOptions = own?.jsonOptions ?? options.jsonOptions;
    const { maxMessageDepth } = limits;
    const decoderOptions = { limits: { maxBytes, ...checks }, maxMessageDepth, jsonOptions, mapError };
    const decoder = new MessageDecoder(method, decoderOptions);
    return { handler, name: `${service.typeName}/${method.name}`, decoder, spec: specs.get(requestPath) };
  }

  async function serve(
    exchange: Exchange,
    served: ServedMethod,
    { protocol, format }: { readonly protocol: RpcProtocol; readonly format: RequestFormat },
  ): Promise<void> {
    // The client may have disconnected while the call was queued.
    if (exchange.disconnected) return;
    const start = performance.now();
    const { peer } = exchange.connection;
    const refusal = refusalOf(exchange);
    if (refusal === undefined) callLimit.count(peer);
    const { handler, decoder } = served;
    const kind = handler.method.methodKind;
    if (kind === "unary" || kind === "server_streaming") exchange.body.expectWithin(limits.requestTimeoutMs);
    if (kind !== "unary") streams.add(exchange);
    if (kind !== "unary" && shutdownError !== undefined) exchange.cancel(shutdownError);

    const writer = new ResponseWriter(exchange, protocol, responseOptions);
    const idleTimeout = clientStreams(handler)
      ? new ClientIdleTimeout(exchange.body, limits, () => call.messagesOut)
      : undefined;
    const enqueue = (step: () => void) => exchange.connection.enqueue(step);
    const requestOptions = { decoder, compressions, idleTimeout, holdsMessages: kind === "unary", enqueue };
    const requests = readRequestMessages(exchange, format, requestOptions);
    const openEnvelopes = (header: Headers, schema: DescMessage) => writer.openEnvelopes(header, schema, call);
    const call = new Call(limits.maxMetadataBytes, {
      requests,
      refusal,
      enqueue,
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

    const bypassesConnect = protocol === "grpc" && exchange.method === "POST" && format.binary;
    const spec = bypassesConnect ? served.spec : undefined;
    let code = "ok";
    try {
      const response =
        spec !== undefined
          ? await answerGrpcCall({ spec, exchange, requests, contextValues, openEnvelopes, onFailure }, grpcOptions)
          : await handler(
              createPlaceholderRequest(exchange, {
                format,
                unary: kind === "unary",
                emptyJson: decoder.emptyJson,
                maxTimeoutMs: limits.maxTimeoutMs,
                contextValues,
              }),
            );
      await writer.write(response, call);
      code = codeOf(response, call);
    } catch (error) {
      onFailure(error);
      code = codeName(ConnectError.from(error).code);
      if (!exchange.disconnected) exchange.abort();
    } finally {
      idleTimeout?.[Symbol.dispose]();
      if (refusal === undefined) callLimit.remove(peer);
      streams.delete(exchange);
    }
    if (exchange.disconnected) code = "canceled";
    options.onCall?.({
      method: served.name,
      protocol,
      httpVersion: exchange.httpVersion,
      peer: exchange.peer,
      code,
      durationMs: performance.now() - start,
      messagesIn: requests.count,
      messagesOut: call.messagesOut,
      bytesIn: exchange.bytesIn,
      bytesOut: exchange.bytesOut,
      failure: call.failure,
    });
  }

  return {
    isCall: (exchange) => servedMethods.has(pathOf(exchange)) || protocolOf(exchange) !== undefined,
    handle(exchange) {
      const path = pathOf(exchange);
      const served = servedMethods.get(path);
      const protocol = protocolOf(exchange);
      if (served === undefined) return protocol !== undefined && refuseUnknownMethod(exchange, path, protocol);
      const format = negotiateRequest(exchange, served.handler.method, protocol ?? "connect");
      if (isRefusal(format)) {
        refuse(exchange, format);
        options.onCall?.({
          method: served.name,
          protocol: protocol ?? "connect",
          httpVersion: exchange.httpVersion,
          peer: exchange.peer,
          code: `http_${format.status}`,
          durationMs: 0,
          messagesIn: 0,
          messagesOut: 0,
          bytesIn: exchange.bytesIn,
          bytesOut: exchange.bytesOut,
          failure: undefined,
        });
      } else {
        const ran = exchange.connection.run(
          () => void serve(exchange, served, { protocol: protocol ?? "connect", format }),
        );
        if (!ran) exchange.body.countUnread();
      }
      return true;
    },
    callLimit,
    endStreams() {
      const error = new ConnectError("the server is shutting down: reconnect and resume", Code.Unavailable);
      shutdownError = error;
      for (const exchange of streams) exchange.connection.resume(() => exchange.cancel(error));
    },
  };
}

/** A method, and what its calls need. */
interface ServedMethod {
  readonly handler: UniversalHandler;
  /** In the form PACKAGE.SERVICE/METHOD. */
  readonly name: string;
  readonly decoder: MessageDecoder;
  /** Undefined if the method was registered with separate options: Connect's handler serves it. */
  readonly spec: MethodImplSpec | undefined;
}

function pathOf({ target }: Exchange): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

function clientStreams({ method }: UniversalHandler): boolean {
  return method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
}

function refuse(exchange: Exchange, { status, headers, body }: RequestRefusal): void {
  exchange.respond(status, headers, body === "" ? "without body" : undefined);
  if (body !== "") void exchange.write([Buffer.from(body)]);
  void exchange.end();
}

function codeOf(response: UniversalServerResponse, call: Call): string {
  if (call.failure !== undefined) return codeName(ConnectError.from(call.failure, Code.Internal).code);
  const grpcStatus = Number(response.trailer?.get("grpc-status") ?? "0");
  if (grpcStatus !== 0) return codeName(grpcStatus);
  return response.status === 200 ? "ok" : `http_${response.status}`;
}
