import type { Exchange } from "./exchange/exchange.ts";
import { openPort, type PortOptions } from "./port/multi-protocol-port.ts";
import { type CorsOptions, createCors } from "./protection/cors.ts";
import { runForPeer } from "./protection/current-peer.ts";
import { defaultLimits, type Limits } from "./protection/default-limits.ts";
import type { SharedLimit } from "./protection/shared-limit.ts";
import { createOriginCheck, refuseOrigin, type TrustedOrigins } from "./protection/trusted-origins.ts";
import { createNodeHandler, type NodeHandlerOptions } from "./rpc/node-handler.ts";

/** Options of a server on one port. */
export interface TransportServerOptions
  extends Omit<NodeHandlerOptions, "limits">,
    Omit<PortOptions, "onExchange" | "limits"> {
  /** Limits that differ from the default ones. */
  readonly limits?: Partial<Limits>;
  readonly cors?: CorsOptions;
  /** Trusted host names and origins besides IP addresses, `localhost`, and the server's own pages. */
  readonly trusted?: TrustedOrigins;
  /** Answers requests that are no calls. */
  readonly otherwise: (exchange: Exchange) => void;
}

/** A running server. */
export interface TransportServer {
  /** For example `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The number of calls in progress. */
  readonly activeCalls: number;
  /** The number of open connections, and of the HTTP/2 sessions among them. */
  readonly connections: number;
  readonly sessions: number;
  /** The bytes that calls hold, as the limit `maxBufferedBytes` counts them. */
  readonly bufferedBytes: number;
  /** The limits that the clients share, and how much each of them uses. */
  readonly sharedLimits: readonly SharedLimit[];
  /**
   * Drains and stops the server: accepts nothing new, ends streams with UNAVAILABLE, and lets unary calls finish. Closes
   * the remaining connections after `graceMs`. Resolves to false if some were closed then.
   */
  close(graceMs: number): Promise<boolean>;
}

/** Opens the port and serves calls on it. Rejects if the address or the TLS files cannot be used. */
export async function startTransportServer(options: TransportServerOptions): Promise<TransportServer> {
  const limits = { ...defaultLimits, ...options.limits };
  const calls = createNodeHandler({ ...options, limits });
  const cors = options.cors === undefined ? undefined : createCors(options.cors);
  const origins = createOriginCheck(options.trusted ?? { hosts: [], origins: options.cors?.origins ?? [] });
  const port = await openPort({
    ...options,
    limits,
    onExchange(exchange) {
      const allowed = cors?.(exchange) ?? {};
      if (allowed === "answered") return;
      exchange.extraHeaders = allowed;
      const problem = origins.problemOf(exchange);
      if (problem !== undefined) return refuseOrigin(exchange, problem);
      const callProblem = origins.problemOfCall(exchange);
      if (callProblem !== undefined && calls.isCall(exchange)) return refuseOrigin(exchange, callProblem);
      if (!calls.handle(exchange)) runForPeer(exchange.connection.peer, () => options.otherwise(exchange));
    },
  });
  return {
    url: port.url,
    get activeCalls() {
      return calls.callLimit.used;
    },
    get connections() {
      return port.connections;
    },
    get sessions() {
      return port.sessions;
    },
    get bufferedBytes() {
      return port.bufferedBytes;
    },
    sharedLimits: [port.connectionLimit, calls.callLimit],
    close(graceMs) {
      calls.endStreams();
      return port.close(graceMs);
    },
  };
}
