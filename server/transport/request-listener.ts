import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from "node:http2";
import type { Exchange } from "./exchange/exchange.ts";
import { defaultResponseHeaders } from "./exchange/exchange.ts";
import { Http1Exchange } from "./http1/http1-exchange.ts";
import { Http2CompatExchange } from "./http2/http2-exchange.ts";
import { Connections } from "./port/client-connection.ts";
import { defaultLimits, type Limits } from "./protection/default-limits.ts";
import { heapGuard } from "./protection/heap-guard.ts";
import { maxEchoBytes, truncateText } from "./response/truncate-error.ts";
import { createNodeHandler, type NodeHandlerOptions } from "./rpc/node-handler.ts";

/** Answers a request of Node's `http`, `https` or `http2` server. */
export type RequestListener = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** Options of a request listener. */
export interface RequestListenerOptions extends Omit<NodeHandlerOptions, "limits"> {
  /** Limits of calls and messages that differ from the default ones. */
  readonly limits?: Partial<Limits>;
  /** Answers requests that are no calls. Default: 404. */
  readonly fallback?: RequestListener;
  /** When it aborts, all streams end with UNAVAILABLE, and later ones as well. Unary calls continue. */
  readonly shutdownSignal?: AbortSignal;
}

/**
 * Makes a listener for the "request" event of Node's own servers. It replaces `connectNodeAdapter` of
 * `@connectrpc/connect-node`, and sends headers at once and repeated values separately.
 *
 * It limits calls and messages. Connections and sessions are limited by the options of the server. Nothing may read the
 * body of a request before the listener.
 */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { fallback = notFound, shutdownSignal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const connections = new Connections(limits);
  heapGuard.onCritical(() => connections.freeMemory());
  const calls = createNodeHandler({ ...options, limits });
  if (shutdownSignal?.aborted === true) calls.endStreams();
  else shutdownSignal?.addEventListener("abort", () => calls.endStreams(), { once: true });

  return (request, response) => {
    const exchange = exchangeOf(request, response, limits, connections);
    if (exchange !== undefined && !calls.handle(exchange)) fallback(request, response);
  };
}

function exchangeOf(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  limits: Limits,
  connections: Connections,
): Exchange | undefined {
  // The response is of the same version of HTTP as the request, which the types do not express.
  if (!(request instanceof Http2ServerRequest)) {
    return new Http1Exchange(request, response as ServerResponse, limits, connections.of(request.socket));
  }
  // Node emits the event later: the client may have reset the stream or closed the connection by then.
  const session = request.stream.session as ServerHttp2Session | undefined;
  if (session === undefined) return undefined;
  return new Http2CompatExchange(request, response as Http2ServerResponse, limits, connections.of(session));
}

const notFound: RequestListener = (request, response) => {
  const writable = response as ServerResponse;
  writable.writeHead(404, { ...defaultResponseHeaders, "content-type": "text/plain; charset=utf-8" });
  writable.end(`nothing is served for ${request.method} ${truncateText(request.url ?? "", maxEchoBytes)}\n`);
};
