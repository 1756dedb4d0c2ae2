import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from "node:http2";
import type { Exchange } from "../exchange/exchange.ts";
import { Http1Exchange } from "../http1/http1-exchange.ts";
import { Http2CompatExchange } from "../http2/http2-compat-exchange.ts";
import { heapGuard } from "../protection/heap-guard.ts";
import { defaultLimits, type Limits } from "../protection/limits.ts";
import { responseDefaults } from "../response/response-defaults.ts";
import { maxEchoBytes, truncateText } from "../response/truncate-text.ts";
import { createNodeHandler, type NodeHandlerOptions } from "../rpc/node-handler.ts";
import { Sessions } from "./session.ts";

/** Answers a request of Node's `http`, `https` or `http2` server. */
export type RequestListener = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** What a request listener serves. */
export interface RequestListenerOptions extends Omit<NodeHandlerOptions, "limits"> {
  /** Limits of calls and messages that are not to be the default ones. */
  readonly limits?: Partial<Limits>;
  /** Answers what is no call, as if there were no services. Default: 404. */
  readonly fallback?: RequestListener;
  /** When it aborts, every stream ends with UNAVAILABLE, and so does every new one; unary calls go on. */
  readonly shutdownSignal?: AbortSignal;
}

/**
 * Makes a listener for the "request" event of a server of Node's own: what `connectNodeAdapter` of
 * `@connectrpc/connect-node` does, with headers that go out at once and values that stay apart.
 *
 * It bounds calls and messages; connections and sessions are the server's, and so are their limits. It must come
 * before anything that reads request bodies.
 */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { fallback = notFound, shutdownSignal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const connections = new Sessions(limits);
  heapGuard.onCritical(() => connections.relieve());
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
  connections: Sessions,
): Exchange | undefined {
  // Node makes the two in pairs, which its types cannot tell.
  if (!(request instanceof Http2ServerRequest)) {
    return new Http1Exchange(request, response as ServerResponse, limits, connections.of(request.socket));
  }
  // Node announces a stream in a later step, when its client may have reset it or closed the connection.
  const session = request.stream.session as ServerHttp2Session | undefined;
  if (session === undefined) return undefined;
  return new Http2CompatExchange(request, response as Http2ServerResponse, limits, connections.of(session));
}

const notFound: RequestListener = (request, response) => {
  const answer = response as ServerResponse;
  answer.writeHead(404, { ...responseDefaults, "content-type": "text/plain; charset=utf-8" });
  answer.end(`nothing is served for ${request.method} ${truncateText(request.url ?? "", maxEchoBytes)}\n`);
};
