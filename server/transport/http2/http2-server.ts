import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type Http2Server as NodeHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { defaultResponseHeaders, type Exchange } from "../exchange/exchange.ts";
import type { Connections } from "../port/client-connection.ts";
import type { Limits } from "../protection/default-limits.ts";
import { Http2Exchange, resetStream } from "./http2-exchange.ts";
import { drainSession, Http2SessionGuard } from "./http2-session-guard.ts";

/** A server for HTTP/2 that does not listen: the port emits its connections on it. */
export interface Http2Server {
  readonly server: NodeHttp2Server;
  /** The number of open sessions. */
  readonly sessions: number;
  /** Asks all clients to open no more streams, and ends each session after its last stream. */
  drain(): void;
  /** Ends all sessions at once. */
  destroy(): void;
}

/** Makes a server for HTTP/2. */
export function createHttp2Server(
  onExchange: (exchange: Exchange) => void,
  limits: Limits,
  connections: Connections,
): Http2Server {
  const server = createServer({
    settings: {
      initialWindowSize: limits.streamWindowBytes,
      maxFrameSize: limits.maxFrameBytes,
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
    },
    maxHeaderListPairs: limits.maxHeaderPairs,
    maxSendHeaderBlockLength: limits.maxSendHeaderBytes,
    // Node counts in units of 1,000,000 bytes.
    maxSessionMemory: Math.ceil(limits.sessionMemoryBytes / 1_000_000),
    streamResetBurst: limits.streamResetBurst,
    streamResetRate: limits.streamResetRate,
  });
  const guards = new Map<ServerHttp2Session, Http2SessionGuard>();
  let isDraining = false;

  server.on("session", (session) => {
    guards.set(session, new Http2SessionGuard(session, limits));
    connections.of(session); // before its first read, which may have a thousand requests
    session.once("close", () => guards.delete(session));
    session.on("error", () => session.destroy());
    session.setLocalWindowSize(limits.sessionWindowBytes);
    if (isDraining) drainSession(session);
  });
  server.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
      // Node emits the event after the read that has the frame. The session may have ended in the same read.
      const session = stream.session as ServerHttp2Session | undefined;
      if (session === undefined || session.destroyed || stream.destroyed) return void stream.on("error", () => {});
      const guard = guards.get(session);
      guard?.streamOpened();
      stream.on("close", () => guard?.streamClosed());
      if (sizeOf(rawHeaders) > limits.maxHeaderBytes) return refuseHeaders(stream);
      // https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
      if (headers.expect?.toLowerCase() === "100-continue") stream.additionalHeaders({ ":status": 100 });
      const connection = connections.of(session);
      if (!connection.acceptsCalls) return refuseStream(stream);
      onExchange(new Http2Exchange(stream, headers, rawHeaders, limits, connection));
    },
  );

  return {
    server,
    get sessions() {
      return guards.size;
    },
    drain() {
      isDraining = true;
      for (const session of guards.keys()) drainSession(session);
    },
    destroy() {
      for (const session of guards.keys()) session.destroy();
      server.close();
    },
  };
}

/**
 * Returns the size of headers as HTTP/2 counts it. Node announces the limit to clients, and does not enforce it.
 * https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2
 */
function sizeOf(rawHeaders: readonly string[]): number {
  const bytesOfEntry = 32;
  let size = (rawHeaders.length / 2) * bytesOfEntry;
  for (const text of rawHeaders) size += text.length;
  return size;
}

/** Refuses a stream unprocessed: its client may send it again. https://www.rfc-editor.org/rfc/rfc9113#section-8.7 */
function refuseStream(stream: ServerHttp2Stream): void {
  stream.on("error", () => {});
  resetStream(stream, constants.NGHTTP2_REFUSED_STREAM);
}

function refuseHeaders(stream: ServerHttp2Stream): void {
  stream.on("error", () => {});
  stream.respond({ ":status": 431, ...defaultResponseHeaders }, { endStream: true });
  // Node writes the answer at the end of this turn. A reset before that would discard it.
  setImmediate(() => stream.close());
}
