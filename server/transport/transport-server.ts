import type { Exchange } from "./exchange/exchange.ts";
import { openPort, type PortOptions } from "./port/port.ts";
import { type CorsOptions, createCors } from "./protection/cors.ts";
import { runForPeer } from "./protection/current-peer.ts";
import { defaultLimits, type Limits } from "./protection/limits.ts";
import type { SharedLimit } from "./protection/shared-limit.ts";
import { createOriginCheck, refuseOrigin, type TrustedOrigins } from "./protection/trusted-origins.ts";
import { createNodeHandler, type NodeHandlerOptions } from "./rpc/node-handler.ts";

/** Everything that is served on one port. */
export interface TransportServerOptions
  extends Omit<NodeHandlerOptions, "limits">,
    Omit<PortOptions, "onExchange" | "limits"> {
  /** Limits that are not to be the default ones. */
  readonly limits?: Partial<Limits>;
  readonly cors?: CorsOptions;
  /** Who else is trusted than IP addresses, `localhost`, and the server's own pages. */
  readonly trusted?: TrustedOrigins;
  /** Answers what is no call. */
  readonly otherwise: (exchange: Exchange) => void;
}

/** A server that is up. */
export interface TransportServer {
  /** As in `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The calls under way. */
  readonly activeCalls: number;
  /** Connections that are open, and the HTTP/2 sessions among them. */
  readonly connections: number;
  readonly sessions: number;
  /** The bytes that calls hold, as the limit `maxBufferedBytes` counts them. */
  readonly bufferedBytes: number;
  /** The limits that its clients share, and what each of them uses. */
  readonly sharedLimits: readonly SharedLimit[];
  /**
   * Ends gracefully: takes nothing new, tells streams to come back, and lets unary calls finish. Cuts off what is left
   * after `graceMs`. Resolves to whether nothing had to be cut off.
   */
  close(graceMs: number): Promise<boolean>;
}

/** Opens the port and serves calls on it. Rejects where the address or the TLS files cannot be used. */
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
      const problem =
        origins.problemOf(exchange) ?? (calls.isCall(exchange) ? origins.problemOfCall(exchange) : undefined);
      if (problem !== undefined) return refuseOrigin(exchange, problem);
      if (!calls.handle(exchange)) runForPeer(exchange.session.peer, () => options.otherwise(exchange));
    },
  });
  return {
    url: port.url,
    get activeCalls() {
      return calls.activeCalls;
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
