import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
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
} from "@connectrpc/connect";
import {
  type Compression,
  compressionNegotiate,
  invokeUnaryImplementation,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Exchange } from "../exchange/exchange.ts";
import type { RequestMessages } from "../request/request-messages.ts";
import type { EnvelopeWriter } from "../response/envelope-writer.ts";
import { truncateError } from "../response/truncate-error.ts";
import { invokeStream, onlyMessage } from "./invoke-stream.ts";
import { LazyHeaders } from "./lazy-headers.ts";

/** What every gRPC call is subject to. */
export interface GrpcCallOptions {
  readonly interceptors: Interceptor[];
  readonly compressions: Compression[];
  readonly maxTimeoutMs: number;
  /** Throws where the call is not to be taken. */
  readonly gate: (context: HandlerContext) => void;
}

/** One gRPC call with what leads to its handler and back to its client. */
export interface GrpcCall {
  readonly spec: MethodImplSpec;
  readonly exchange: Exchange;
  readonly requests: RequestMessages;
  readonly contextValues: ContextValues;
  openEnvelopes(header: Headers, schema: DescMessage): EnvelopeWriter | undefined;
  /** Told why the call fails, where nobody was told before. */
  onFailure(error: unknown): void;
}

/** The path of a method's calls. */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/**
 * A router that also keeps the implementations that it is given, by the paths of their methods, and the options of
 * those that were registered with options of their own: what Connect alone knows of them, it alone serves.
 */
export function recordImplementations(router: ConnectRouter): {
  readonly router: ConnectRouter;
  readonly specs: ReadonlyMap<string, MethodImplSpec>;
  readonly ownOptions: ReadonlyMap<string, Partial<ConnectRouterOptions>>;
} {
  const specs = new Map<string, MethodImplSpec>();
  const ownOptions = new Map<string, Partial<ConnectRouterOptions>>();
  const keep = (spec: MethodImplSpec) => specs.set(pathOf(spec.method), spec);
  const recording: ConnectRouter = {
    handlers: router.handlers,
    service(service, implementation, options) {
      router.service(service, implementation, options);
      if (options !== undefined) {
        for (const method of service.methods) ownOptions.set(pathOf(method), options);
        return recording;
      }
      for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) keep(spec);
      return recording;
    },
    rpc(method, implementation, options) {
      router.rpc(method, implementation, options);
      if (options === undefined) keep(createMethodImplSpec(method, implementation));
      else ownOptions.set(pathOf(method), options);
      return recording;
    },
  };
  return { router: recording, specs, ownOptions };
}

/**
 * Answers a gRPC call of binary messages without Connect's pipelines, of which a call holds ten: a quiet stream takes a
 * third of the memory, and a unary call a fraction of the time. Connect's own parts do what they do there: deadline,
 * compression, interceptors, the implementation, the status. The messages are written by the time that the answer is
 * returned, and its trailers are left to be.
 */
export async function answerGrpcCall(call: GrpcCall, options: GrpcCallOptions): Promise<UniversalServerResponse> {
  const { exchange } = call;
  const { header } = exchange;
  const { timeoutMs, error: timeoutError } = parseTimeout(header.get("grpc-timeout"), options.maxTimeoutMs);
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
    await invoke(call, context, options.interceptors);
    setTrailerStatus(context.responseTrailer, undefined);
  } catch (error) {
    call.onFailure(error);
    setTrailerStatus(context.responseTrailer, truncateError(toConnectError(error)));
  } finally {
    clearTimeout(deadline);
    // As with Connect, what a handler has left running for its call ends with it.
    exchange.cancel(completed);
  }
  return { status: 200, header: context.responseHeader, trailer: context.responseTrailer };
}

// Made once: an error with a stack for each call that ends well would be a tenth of its cost.
const completed = new ConnectError("the call has ended", Code.Canceled);

async function invoke(call: GrpcCall, context: HandlerContext, interceptors: Interceptor[]): Promise<void> {
  const { spec, requests } = call;
  if (spec.kind === "unary") {
    const input = await onlyMessage(requests, spec.kind);
    const output = await invokeUnaryImplementation(spec, context, input, interceptors);
    const envelopes = call.openEnvelopes(context.responseHeader, spec.method.output);
    envelopes?.append(output);
    await envelopes?.blocked;
    envelopes?.flush();
    return;
  }
  const messages = await invokeStream(spec, context, requests, interceptors);
  // The call's interceptor writes them around this iterable, which ends when they are written.
  for await (const _ of messages) throw new Error("a message went the wrong way");
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
