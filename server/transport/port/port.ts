import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Exchange } from "../exchange/exchange.ts";
import { createHttp1Server } from "../http1/http1-server.ts";
import { createHttp2Server } from "../http2/http2-server.ts";
import { heapGuard } from "../protection/heap-guard.ts";
import type { Limits } from "../protection/limits.ts";
import { addressKeyOf } from "../protection/peer-key.ts";
import { SharedLimit } from "../protection/shared-limit.ts";
import { detectHttp2 } from "./detect-http2.ts";
import { Sessions } from "./session.ts";
import { readTlsFiles, reloadTlsFiles, type TlsFiles } from "./tls-credentials.ts";

/** Where to listen, and who answers. */
export interface PortOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Given: the port speaks TLS only. */
  readonly tls?: TlsFiles;
  readonly limits: Limits;
  readonly onExchange: (exchange: Exchange) => void;
  /** Told when changed TLS files were taken up, or of the problem that kept them from it. */
  readonly onTlsReload?: (problem?: unknown) => void;
}

/** An open port. */
export interface Port {
  /** As in `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Connections that are open, and the HTTP/2 sessions among them. */
  readonly connections: number;
  readonly sessions: number;
  /** The bytes that calls hold, as `maxBufferedBytes` counts them. */
  readonly bufferedBytes: number;
  /** The limit on connections, and what each client uses of it. */
  readonly connectionLimit: SharedLimit;
  /**
   * Takes no more connections and requests, and waits for those under way, at most `graceMs`; then cuts them off.
   * Resolves to whether all ended by themselves.
   */
  close(graceMs: number): Promise<boolean>;
}

/**
 * Opens the one listener for HTTP/1.1 and HTTP/2: told apart by the first bytes in plain text, by ALPN over TLS.
 * Rejects where the address cannot be listened on or the TLS files cannot be used.
 */
export async function openPort(options: PortOptions): Promise<Port> {
  const { onExchange, tls, limits } = options;
  const connections = new Sessions(limits);
  const stopRelief = heapGuard.onCritical(() => connections.relieve());
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
    // Whoever owns the connection by then hears of the error too; without a listener it would end the process.
    socket.on("error", () => {});
  };
  const speak = (socket: Socket, isHttp2: boolean) => {
    // HTTP/1.1 answers clients that have closed their half; an HTTP/2 session has ended when its client closes.
    socket.allowHalfOpen = !isHttp2;
    if (isHttp2) closeSoonAfterEnd(socket);
    (isHttp2 ? http2 : http1).server.emit("connection", socket);
  };
  const listener =
    tls === undefined ? createPlainListener(limits, track, speak) : createTlsListener(tls, limits, track, speak);
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
      stopRelief();
      const allClosed = new Promise<void>((resolve) => listener.close(() => resolve()));
      http2.drain();
      const stopDraining = http1.drain();
      let cutOff = false;
      const deadline = setTimeout(() => {
        cutOff = true;
        http2.destroy();
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await allClosed;
      clearTimeout(deadline);
      stopDraining();
      return !cutOff;
    },
  };
}

/** How long a connection of HTTP/2 stays after its session has ended, so that the peer can read the last frames. */
const endedSessionMs = 200;

/**
 * Closes a connection some time after our half has ended. Node waits for the peer to close its half, and does not
 * notice where it has done so while the session was reading: the connection would stay for ever.
 */
function closeSoonAfterEnd(socket: Socket): void {
  socket.once("finish", () => {
    const timer = setTimeout(() => socket.destroy(), endedSessionMs);
    socket.once("close", () => clearTimeout(timer));
  });
}

type TlsServer = ReturnType<typeof createTlsServer>;
type Track = (socket: Socket) => void;
type Speak = (socket: Socket, isHttp2: boolean) => void;

/** Without a delay of its own, TCP asks after a peer that has vanished only after two hours. */
function tcpOptions({ keepAliveMs }: Limits) {
  return { noDelay: true, allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
}

function createPlainListener(limits: Limits, track: Track, speak: Speak): Server {
  return createTcpServer(tcpOptions(limits), (socket) => {
    track(socket);
    if (socket.destroyed) return;
    detectHttp2(socket, limits.openTimeoutMs, (isHttp2) => speak(socket, isHttp2));
  });
}

function createTlsListener(tls: TlsFiles, limits: Limits, track: Track, speak: Speak): TlsServer {
  const clientCertificates = tls.clientCa !== undefined;
  const server = createTlsServer({
    ...tcpOptions(limits),
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
    speak(socket, socket.alpnProtocol === "h2");
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
