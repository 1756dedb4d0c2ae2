import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Exchange } from "../exchange/exchange.ts";
import { createHttp1Server } from "../http1/http1-server.ts";
import { createHttp2Server } from "../http2/http2-server.ts";
import { callScheduler } from "../protection/call-scheduler.ts";
import type { Limits } from "../protection/default-limits.ts";
import { heapGuard } from "../protection/heap-guard.ts";
import { addressKeyOf } from "../protection/peer-key.ts";
import { SharedLimit } from "../protection/shared-limit.ts";
import { Connections } from "./client-connection.ts";
import { readTlsFiles, reloadTlsFiles, type TlsFiles } from "./tls-credentials.ts";

/** The address to listen on, and the handlers of the exchanges. */
export interface PortOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** If given, the port speaks TLS only. */
  readonly tls?: TlsFiles;
  readonly limits: Limits;
  readonly onExchange: (exchange: Exchange) => void;
  /** Called after changed TLS files were loaded, or with the problem if they cannot be used. */
  readonly onTlsReload?: (problem?: unknown) => void;
}

/** An open port. */
export interface Port {
  /** For example `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The number of open connections, and of the HTTP/2 sessions among them. */
  readonly connections: number;
  readonly sessions: number;
  /** The bytes that calls hold, as the limit `maxBufferedBytes` counts them. */
  readonly bufferedBytes: number;
  /** The limit on connections, and how many each client has. */
  readonly connectionLimit: SharedLimit;
  /**
   * Accepts no more connections and requests, and waits up to `graceMs` for those in progress. Then closes them. Resolves
   * to false if connections or requests were still open after `graceMs`.
   */
  close(graceMs: number): Promise<boolean>;
}

/**
 * Opens one listener for HTTP/1.1 and HTTP/2. In plain text the first bytes of a connection show the version, over TLS ALPN
 * selects it. Rejects if the address is in use or invalid, or if the TLS files cannot be used.
 */
export async function openPort(options: PortOptions): Promise<Port> {
  const { onExchange, tls, limits } = options;
  const connections = new Connections(limits);
  const stopHeapGuard = heapGuard.onCritical(() => connections.freeMemory());
  const http1 = createHttp1Server(onExchange, limits, connections);
  const http2 = createHttp2Server(onExchange, limits, connections);
  const sockets = new Set<Socket>();
  const { maxConnections: max, peerShare } = limits;
  const connectionLimit = new SharedLimit({ name: "maxConnections", counted: "connections", max }, { peerShare });
  const track = (socket: Socket) => {
    const peer = addressKeyOf(socket.remoteAddress);
    if (connectionLimit.refusal(peer) !== undefined) {
      socket.on("error", () => {}).destroy();
      return;
    }
    const counted = connectionLimit.acquire(peer);
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      counted[Symbol.dispose]();
    });
    // Without a listener an error would end the process. The server that owns the connection by then handles it.
    socket.on("error", () => {});
  };
  const open = (socket: Socket, isHttp2: boolean) => {
    if (socket.destroyed) return;
    // HTTP/1.1 answers a client that has closed its half. An HTTP/2 session ends when its client closes.
    socket.allowHalfOpen = !isHttp2;
    if (isHttp2) destroyAfterEnd(socket);
    (isHttp2 ? http2 : http1).server.emit("connection", socket);
  };
  // The first bytes may have hundreds of requests, and Node handles them at once.
  const serve = (socket: Socket, isHttp2: boolean) => {
    callScheduler.run({ peer: addressKeyOf(socket.remoteAddress) }, () => open(socket, isHttp2));
  };
  const listener =
    tls === undefined ? createPlainListener(limits, track, serve) : createTlsListener(tls, limits, track, serve);
  listener.maxConnections = limits.maxConnections;
  await listen(listener, options);
  const stopReloading = tls && reloadTlsFiles(listener as TlsServer, tls, options.onTlsReload ?? (() => {}));
  const { address, family, port } = listener.address() as AddressInfo;

  return {
    url: `${tls === undefined ? "http" : "https"}://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    get connections() {
      return sockets.size;
    },
    get sessions() {
      return http2.sessions;
    },
    get bufferedBytes() {
      return connections.budget.used;
    },
    connectionLimit,
    async close(graceMs) {
      stopReloading?.();
      stopHeapGuard();
      const allClosed = new Promise<void>((resolve) => listener.close(() => resolve()));
      http2.drain();
      const stopDraining = http1.drain();
      let wasCutOff = false;
      const deadline = setTimeout(() => {
        wasCutOff = true;
        http2.destroy();
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await allClosed;
      clearTimeout(deadline);
      stopDraining();
      return !wasCutOff;
    },
  };
}

/**
 * How long an HTTP/2 connection stays open after the end of its session, in milliseconds, so that the peer can read the
 * last frames.
 */
const endedSessionMs = 200;

/**
 * Closes a connection {@link endedSessionMs} after our half has ended. Node waits for the peer to close its half, and
 * misses it if that happens while the session reads: the connection would stay open forever.
 */
function destroyAfterEnd(socket: Socket): void {
  socket.once("finish", () => {
    const timer = setTimeout(() => socket.destroy(), endedSessionMs);
    socket.once("close", () => clearTimeout(timer));
  });
}

type TlsServer = ReturnType<typeof createTlsServer>;
type Track = (socket: Socket) => void;
type Serve = (socket: Socket, isHttp2: boolean) => void;

/** The default delay of TCP keep-alive is two hours: https://www.rfc-editor.org/rfc/rfc9293#section-3.8.4 */
function tcpOptions({ keepAliveMs }: Limits) {
  return { noDelay: true, allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
}

function createPlainListener(limits: Limits, track: Track, serve: Serve): Server {
  return createTcpServer(tcpOptions(limits), (socket) => {
    track(socket);
    if (socket.destroyed) return;
    detectHttp2(socket, limits.openTimeoutMs, (isHttp2) => serve(socket, isHttp2));
  });
}

function createTlsListener(tls: TlsFiles, limits: Limits, track: Track, serve: Serve): TlsServer {
  const clientCertificates = tls.clientCa !== undefined;
  const server = createTlsServer({
    ...tcpOptions(limits),
    allowHalfOpen: false, // Node does not notice a client that closes during the handshake otherwise: see `open` for later
    ...readTlsFiles(tls),
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: limits.openTimeoutMs,
    requestCert: clientCertificates,
    rejectUnauthorized: clientCertificates,
  });
  server.on("connection", track);
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("secureConnection", (socket) => {
    socket.on("error", () => {});
    serve(socket, socket.alpnProtocol === "h2");
  });
  return server;
}

function listen(listener: Server, { host, port }: PortOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ host, port }, () => {
      listener.off("error", reject);
      resolve();
    });
  });
}

/**
 * The first bytes of the HTTP/2 connection preface. No HTTP/1.1 request begins with them.
 * https://www.rfc-editor.org/rfc/rfc9113#section-3.4
 */
const http2Preface = Buffer.from("PRI ");

/**
 * Detects from the first bytes of a connection whether it speaks HTTP/2, and puts the bytes back.
 *
 * Calls `onDetected` once. Closes the connection instead if it ends before, or sends too few bytes within `timeoutMs`.
 */
export function detectHttp2(socket: Socket, timeoutMs: number, onDetected: (isHttp2: boolean) => void): void {
  let received = Buffer.alloc(0);
  const close = () => socket.destroy();
  const timer = setTimeout(close, timeoutMs);
  const stop = () => {
    clearTimeout(timer);
    socket.off("readable", onReadable).off("end", close).off("error", close).off("close", stop);
  };
  const onReadable = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) received = Buffer.concat([received, chunk]);
    const length = Math.min(received.length, http2Preface.length);
    const isHttp2 = received.subarray(0, length).equals(http2Preface.subarray(0, length));
    if (received.length === 0 || (isHttp2 && length < http2Preface.length)) return;
    stop();
    socket.unshift(received);
    onDetected(isHttp2);
  };
  socket.on("readable", onReadable).once("end", close).once("error", close).once("close", stop);
}
