import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type Http2Server as NodeHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Exchange } from "../exchange/exchange.ts";
import type { Sessions } from "../port/session.ts";
import type { Limits } from "../protection/limits.ts";
import { responseDefaults } from "../response/response-defaults.ts";
import { drainSession } from "./drain-session.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import { Http2SessionGuard } from "./http2-session-guard.ts";
import { resetStream } from "./reset-stream.ts";

/** A server for HTTP/2 that does not listen: it is handed its connections. */
export interface Http2Server {
  readonly server: NodeHttp2Server;
  /** The sessions that are open. */
  readonly sessions: number;
  /** Asks every client to open no more streams, and ends its session when the open ones have ended. */
  drain(): void;
  /** Ends every session at once. */
  destroy(): void;
}

/** Makes a server for HTTP/2. */
export function createHttp2Server(
  onExchange: (exchange: Exchange) => void,
  limits: Limits,
  connections: Sessions,
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
  let draining = false;

  server.on("session", (session) => {
    guards.set(session, new Http2SessionGuard(session, limits));
    session.once("close", () => guards.delete(session));
    session.on("error", () => session.destroy());
    session.setLocalWindowSize(limits.sessionWindowBytes);
    if (draining) drainSession(session);
  });
  server.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
      // Node has a stream begin after the read that it came with, in which its session may have ended.
      const session = stream.session as ServerHttp2Session | undefined;
      if (session === undefined || session.destroyed || stream.destroyed) return void stream.on("error", () => {});
      const guard = guards.get(session);
      guard?.streamOpened();
      stream.once("close", () => guard?.streamClosed());
      if (sizeOf(rawHeaders) > limits.maxHeaderBytes) return refuseHeaders(stream);
      const connection = connections.of(session);
      if (!connection.admits) return refuseStream(stream);
      onExchange(new Http2Exchange(stream, headers, rawHeaders, limits, connection));
    },
  );

  return {
    server,
    get sessions() {
      return guards.size;
    },
    drain() {
      draining = true;
      for (const session of guards.keys()) drainSession(session);
    },
    destroy() {
      for (const session of guards.keys()) session.destroy();
      server.close();
    },
  };
}

/** The size of headers as HTTP/2 counts it. Node tells clients how large it may be, and takes larger ones all the same. */
function sizeOf(rawHeaders: readonly string[]): number {
  const bytesOfEntry = 32;
  let size = (rawHeaders.length / 2) * bytesOfEntry;
  for (const text of rawHeaders) size += text.length;
  return size;
}

/** Refuses a stream before anything of it is looked at: its client may send it again (RFC 9113, section 8.7). */
function refuseStream(stream: ServerHttp2Stream): void {
  stream.on("error", () => {});
  resetStream(stream, constants.NGHTTP2_REFUSED_STREAM);
}

function refuseHeaders(stream: ServerHttp2Stream): void {
  stream.on("error", () => {});
  stream.respond({ ":status": 431, ...responseDefaults }, { endStream: true });
  // Node hands the answer over at the end of this turn; a reset that is first would cost it.
  setImmediate(() => stream.close());
}
