import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { defaultResponseHeaders, type Exchange } from "../exchange/exchange.ts";
import type { Connections } from "../port/client-connection.ts";
import type { Limits } from "../protection/default-limits.ts";
import { Http1Exchange } from "./http1-exchange.ts";

/** A server for HTTP/1.1 that does not listen: the port emits its connections on it. */
export interface Http1Server {
  readonly server: Server;
  /** Closes each connection as soon as it is idle. Returns a function that stops draining and closes the server. */
  drain(): () => void;
}

/**
 * The interval at which idle connections are closed while the server drains, in milliseconds: Node emits no event when
 * one becomes idle.
 */
const idleCheckMs = 50;

/** Makes a server for HTTP/1.1 and HTTP/1.0. */
export function createHttp1Server(
  onExchange: (exchange: Exchange) => void,
  limits: Limits,
  connections: Connections,
): Http1Server {
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.openTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    // There is no limit, because a long upload is not abuse. `requestTimeoutMs` limits a request with one message.
    requestTimeout: 0,
    connectionsCheckingInterval: limits.openTimeoutMs / 2,
    // Health checks of load balancers, and HTTP/1.0, may have no Host.
    requireHostHeader: false,
  });
  server.maxHeadersCount = limits.maxHeaderPairs;
  let isDraining = false;
  const pipelines = new WeakMap<Socket, (() => void)[]>();
  const idleTimers = new WeakMap<Socket, NodeJS.Timeout>();

  /**
   * Starts the idle timer of a connection, which closes it if no request begins. Line ends alone restart Node's own timer,
   * and HTTP allows them before a request: https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6
   */
  function startIdleTimer(socket: Socket): void {
    const timer = idleTimers.get(socket);
    if (timer !== undefined) {
      timer.refresh();
      return;
    }
    // A request that begins at the last moment still has openTimeoutMs for its headers.
    const timeoutMs = limits.idleTimeoutMs + limits.openTimeoutMs;
    const newTimer = setTimeout(() => pipelines.has(socket) || socket.destroy(), timeoutMs).unref();
    idleTimers.set(socket, newTimer);
    socket.once("close", () => clearTimeout(newTimer));
  }

  /** Answers the requests of a connection one after the other: Node emits pipelined requests at once. */
  function answerInOrder(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const queued = pipelines.get(socket);
    const answer = () => {
      response.once("close", () => {
        const next = socket.destroyed ? undefined : pipelines.get(socket)?.shift();
        if (next !== undefined) return next();
        pipelines.delete(socket);
        if (!socket.destroyed) startIdleTimer(socket);
      });
      const connection = connections.of(socket);
      if (connection.acceptsCalls) onExchange(new Http1Exchange(request, response, limits, connection));
      else socket.destroy();
    };
    if (queued === undefined) {
      pipelines.set(socket, []);
      answer();
    } else if (queued.length < limits.maxPipelinedRequests) {
      queued.push(answer);
    } else {
      socket.destroy();
    }
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (isDraining) response.setHeader("connection", "close");
    if (countHosts(request) > 1) return refuseHosts(response);
    answerInOrder(request, response);
  };
  server.on("request", onRequest);
  // Ignores an unknown expectation, as HTTP allows. Node would answer it with 417, and then wait for the body forever.
  // https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1-8
  server.on("checkExpectation", onRequest);
  server.on("connection", (socket) => {
    // Node's parser reads from the handle of a connection, not from its stream, and pauses while a response is pending.
    // Over TLS it still receives the rest of a decrypted record then, and closes the connection ("Parse Error: Paused").
    // With a listener it reads from the stream, which buffers those bytes.
    if (socket instanceof TLSSocket) socket.on("data", ignore);
  });
  // Starts the check of headersTimeout, which Node starts on this event.
  server.emit("listening");
  return {
    server,
    drain() {
      isDraining = true;
      server.closeIdleConnections();
      const timer = setInterval(() => server.closeIdleConnections(), idleCheckMs);
      return () => {
        clearInterval(timer);
        server.close();
      };
    },
  };
}

function ignore(): void {}

/** Node drops all but the first Host header, so it counts the raw ones. */
function countHosts({ rawHeaders }: IncomingMessage): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") count++;
  }
  return count;
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-3.2-6 */
function refuseHosts(response: ServerResponse): void {
  response.writeHead(400, {
    ...defaultResponseHeaders,
    "content-type": "text/plain; charset=utf-8",
    connection: "close",
  });
  response.end("the request has more than one Host header: send one\n");
}
