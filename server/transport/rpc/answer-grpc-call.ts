import { create, type DescMessage, type DescMethod, type Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  type ContextValues,
  createMethodImplSpec,
  createServiceImplSpec,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
  type StreamRequest,
  type StreamResponse,
} from "@connectrpc/connect";
import {
  type Compression,
  compressionNegotiate,
  invokeUnaryImplementation,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Exchange } from "../exchange/exchange.ts";
import { LazyHeaders } from "../exchange/lazy-headers.ts";
import { grpcTimeoutOf } from "../request/clamp-timeouts.ts";
import type { RequestMessages } from "../request/read-request-messages.ts";
import type { EnvelopeWriter } from "../response/response-pump.ts";
import { truncateError } from "../response/truncate-error.ts";
import { HandlerOutput } from "./handler-output.ts";
import { emptyStream, onlyMessage } from "./message-iterables.ts";

/** Options of all gRPC calls. */
export interface GrpcCallOptions {
  readonly interceptors: Interceptor[];
  readonly compressions: Compression[];
  readonly maxTimeoutMs: number;
  /** Throws if the server refuses the call. */
  readonly gate: (context: HandlerContext) => void;
}

/** One gRPC call: its handler, its request, and the writer of its response. */
export interface GrpcCall {
  readonly spec: MethodImplSpec;
  readonly exchange: Exchange;
  readonly requests: RequestMessages;
  readonly contextValues: ContextValues;
  openEnvelopes(header: Headers, schema: DescMessage): EnvelopeWriter | undefined;
  /** Called with the reason if the call fails, perhaps after `wireInterceptor` has recorded another one. */
  onFailure(error: unknown): void;
}

/** Returns the path of a method's calls. */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** A router with the implementations that are registered with it. */
export interface RecordedRouter {
  /** The router to register services with. */
  readonly router: ConnectRouter;
  /** The implementations, by the paths of their methods. Those with options are not among them. */
  readonly specs: ReadonlyMap<string, MethodImplSpec>;
  /** The options of the methods that were registered with options: Connect's handlers serve them. */
  readonly ownOptions: ReadonlyMap<string, Partial<ConnectRouterOptions>>;
}

/** Wraps a router so that the implementations which are registered with it are known. */
export function recordImplementations(router: ConnectRouter): RecordedRouter {
  const specs = new Map<string, MethodImplSpec>();
  const ownOptions = new Map<string, Partial<ConnectRouterOptions>>();
  const record = (spec: MethodImplSpec) => specs.set(pathOf(spec.method), spec);
  const recording: ConnectRouter = {
    handlers: router.handlers,
    service(service, implementation, options) {
      router.service(service, implementation, options);
      if (options !== undefined) {
        for (const method of service.methods) ownOptions.set(pathOf(method), options);
        return recording;
      }
      for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) record(spec);
      return recording;
    },
    rpc(method, implementation, options) {
      router.rpc(method, implementation, options);
      if (options === undefined) record(createMethodImplSpec(method, implementation));
      else ownOptions.set(pathOf(method), options);
      return recording;
    },
  };
  return { router: recording, specs, ownOptions };
}

/**
 * Answers a gRPC call of binary messages without Connect's pipelines of async generators, of which a call holds ten. A
 * quiet stream takes half of the memory, and a unary call a fraction of the time (docs/decisions/0007-grpc-calls.md).
 * The deadline, the compression, the interceptors, the implementation and the status are handled by functions that
 * Connect exports: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 *
 * Writes the messages of the response. Returns the headers, and the trailers for the caller to write. Never rejects: an
 * error is the status in the trailers.
 */
export async function answerGrpcCall(call: GrpcCall, options: GrpcCallOptions): Promise<UniversalServerResponse> {
  const { exchange } = call;
  const { header } = exchange;
  const { timeoutMs, error: timeoutError } = grpcTimeoutOf(header.get("grpc-timeout"), options.maxTimeoutMs);
  const requested = header.get("grpc-encoding");
  const accepted = header.get("grpc-accept-encoding");
  const encoding = compressionNegotiate(options.compressions, requested, accepted, "grpc-accept-encoding");
  const context = createContext(call, timeoutMs);
  if (encoding.response !== null) context.responseHeader.set("grpc-encoding", encoding.response.name);
  const deadline = startDeadline(exchange, timeoutError === undefined ? timeoutMs : undefined);
  try {
    options.gate(context);
    if (encoding.error !== undefined) throw encoding.error;
    if (timeoutError !== undefined) throw timeoutError;
    if (call.spec.kind === "unary") await answerUnary(call, call.spec, context, options.interceptors);
    else await answerStream(call, call.spec, context, options.interceptors);
    setTrailerStatus(context.responseTrailer, undefined);
  } catch (error) {
    call.onFailure(error);
    setTrailerStatus(context.responseTrailer, truncateError(toConnectError(error)));
  } finally {
    clearTimeout(deadline);
    // As in Connect, the signal ends what a handler has left running for its call.
    exchange.cancel(completed);
  }
  return { status: 200, header: context.responseHeader, trailer: context.responseTrailer };
}

// Created once, because an error with a stack for each successful call would be a tenth of the call's cost.
const completed = new ConnectError("the call has ended", Code.Canceled);

async function answerUnary(
  { requests, openEnvelopes }: GrpcCall,
  spec: UnarySpec,
  context: HandlerContext,
  interceptors: Interceptor[],
): Promise<void> {
  const input = await onlyMessage(requests, spec.kind);
  const output = await invokeUnaryImplementation(spec, context, input, interceptors);
  const envelopes = openEnvelopes(context.responseHeader, spec.method.output);
  envelopes?.append(output);
  await envelopes?.blocked;
  envelopes?.flush();
}

/** Calls the implementation of a stream. `wireInterceptor`, the outermost interceptor, writes its messages. */
async function answerStream(
  { requests }: GrpcCall,
  spec: StreamSpec,
  context: HandlerContext,
  interceptors: readonly Interceptor[],
): Promise<void> {
  const response = await invokeStream(spec, context, requests, interceptors);
  // The handler may have changed the content type to JSON, which the pump does not write.
  if (response.message !== emptyStream) throw new Error("the response pump has not written the messages of the stream");
}

type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;
type StreamSpec = Exclude<MethodImplSpec, UnarySpec>;

/** Calls the implementation of a stream through its interceptors, the first one outermost. */
async function invokeStream(
  spec: StreamSpec,
  context: HandlerContext,
  message: AsyncIterable<Message>,
  interceptors: readonly Interceptor[],
): Promise<StreamResponse> {
  const common = { stream: true, method: spec.method, service: spec.method.parent } as const;
  const { requestMethod, requestHeader: header, url, signal, values: contextValues } = context;
  const innermost = async (request: StreamRequest): Promise<StreamResponse> => {
    const seen = { ...context, requestHeader: request.header, signal: request.signal, values: request.contextValues };
    const output = await callImplementation(spec, request.message, seen);
    return { ...common, message: output, header: context.responseHeader, trailer: context.responseTrailer };
  };
  // The type of an interceptor is that of all kinds of calls. A stream stays a stream.
  const outermost = interceptors.reduceRight<ReturnType<Interceptor>>(
    (next, interceptor) => interceptor(next),
    innermost as ReturnType<Interceptor>,
  );
  const response = await outermost({ ...common, message, requestMethod, header, url, signal, contextValues });
  if (!response.stream) throw new Error("an interceptor answered a stream with a single message");
  return response;
}

async function callImplementation(
  spec: StreamSpec,
  requests: AsyncIterable<Message>,
  context: HandlerContext,
): Promise<AsyncIterable<Message>> {
  const { output } = spec.method;
  switch (spec.kind) {
    case "server_streaming":
      return new HandlerOutput(output, spec.impl(await onlyMessage(requests, "server-streaming"), context));
    case "client_streaming":
      return only(create(output, await spec.impl(requests, context)));
    case "bidi_streaming":
      return new HandlerOutput(output, spec.impl(requests, context));
  }
}

async function* only(message: Message): AsyncIterable<Message> {
  yield message;
}

const responseHeaders = { "content-type": "application/grpc+proto" };
const responseTrailers = { "grpc-status": "0" };

function createContext({ spec, exchange, contextValues }: GrpcCall, timeoutMs: number | undefined): HandlerContext {
  const end = timeoutMs === undefined ? undefined : Math.floor(Date.now() + timeoutMs);
  return {
    method: spec.method,
    service: spec.method.parent,
    signal: exchange.signal,
    timeoutMs: () => (end === undefined ? undefined : end - Date.now()),
    requestMethod: exchange.method,
    requestHeader: exchange.header,
    responseHeader: new LazyHeaders(responseHeaders),
    responseTrailer: new LazyHeaders(responseTrailers),
    protocolName: "grpc",
    values: contextValues,
    url: exchange.origin + exchange.target,
  };
}

function startDeadline(exchange: Exchange, timeoutMs: number | undefined): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined) return undefined;
  const expire = () => exchange.cancel(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  if (timeoutMs > 0) return setTimeout(expire, timeoutMs);
  expire();
  return undefined;
}

function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  return new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}
