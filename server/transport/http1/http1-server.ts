import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Exchange } from "../exchange/exchange.ts";
import type { Sessions } from "../port/session.ts";
import type { Limits } from "../protection/limits.ts";
import { Http1Exchange } from "./http1-exchange.ts";

/** A server for HTTP/1.1 that does not listen: it is handed its connections. */
export interface Http1Server {
  readonly server: Server;
  /** Ends every connection as soon as it has nothing under way. Returns what stops doing so. */
  drain(): () => void;
}

/** How often connections are looked at while they drain: Node does not say when one becomes idle. */
const idleCheckMs = 50;

/** Makes a server for HTTP/1.1 and 1.0. */
export function createHttp1Server(
  onExchange: (exchange: Exchange) => void,
  limits: Limits,
  connections: Sessions,
): Http1Server {
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.openTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    // A long upload is no abuse; requests with one message have a limit of their own.
    requestTimeout: 0,
    connectionsCheckingInterval: limits.openTimeoutMs / 2,
  });
  server.maxHeadersCount = limits.maxHeaderPairs;
  let draining = false;
  const pipelines = new WeakMap<Socket, (() => void)[]>();
  const idleTimers = new WeakMap<Socket, NodeJS.Timeout>();

  /**
   * Closes a connection on which no request has begun for too long. A peer could keep Node's own timer from running out
   * with line ends alone, which HTTP allows before a request: https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6
   */
  function becomeIdle(socket: Socket): void {
    const timer = idleTimers.get(socket);
    if (timer !== undefined) {
      timer.refresh();
      return;
    }
    // A request that begins at the last moment has its time for headers.
    const timeoutMs = limits.idleTimeoutMs + limits.openTimeoutMs;
    const started = setTimeout(() => pipelines.has(socket) || socket.destroy(), timeoutMs).unref();
    idleTimers.set(socket, started);
    socket.once("close", () => clearTimeout(started));
  }

  /** Answers the requests of a connection one after the other: Node hands over those behind the first at once. */
  function inTurn(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const waiting = pipelines.get(socket);
    const answer = () => {
      response.once("close", () => {
        const next = socket.destroyed ? undefined : pipelines.get(socket)?.shift();
        if (next !== undefined) return next();
        pipelines.delete(socket);
        if (!socket.destroyed) becomeIdle(socket);
      });
      const connection = connections.of(socket);
      if (connection.admits) onExchange(new Http1Exchange(request, response, limits, connection));
      else socket.destroy();
    };
    if (waiting === undefined) {
      pipelines.set(socket, []);
      answer();
    } else if (waiting.length < limits.maxPipelinedRequests) {
      waiting.push(answer);
    } else {
      socket.destroy();
    }
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (draining) response.setHeader("connection", "close");
    inTurn(request, response);
  };
  server.on("request", onRequest);
  // Node would answer an unknown expectation with 417 itself, and then wait for the body for ever. It may be ignored:
  // https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1-8
  server.on("checkExpectation", onRequest);
  server.on("connection", (socket) => {
    // Node's parser reads a connection past its stream, and pauses while a response waits to be sent. Over TLS it is
    // still given what was decrypted together, and breaks the connection off ("Parse Error: Paused"). Where somebody
    // listens, it reads the stream, which keeps those bytes until then.
    if (socket instanceof TLSSocket) socket.on("data", ignore);
  });
  // Starts the check for late headers, which otherwise begins with listening.
  server.emit("listening");
  return {
    server,
    drain() {
      draining = true;
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
