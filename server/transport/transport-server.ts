import { type CorsOptions, createCors } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import { createNodeHandler, type NodeHandlerOptions } from "./node-handler.ts";
import { openPort, type PortOptions } from "./port.ts";

/** Everything that is served on one port. */
export interface TransportServerOptions extends NodeHandlerOptions, Omit<PortOptions, "onExchange"> {
  readonly cors?: CorsOptions;
  /** Answers what is no call. */
  readonly otherwise: (exchange: Exchange) => void;
}

/** A server that is up. */
export interface TransportServer {
  /** As in `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The calls under way. */
  readonly activeCalls: number;
  /**
   * Ends gracefully: takes nothing new, tells streams to come back, and lets unary calls finish. Cuts off what is left
   * after `graceMs`. Resolves to whether nothing had to be cut off.
   */
  close(graceMs: number): Promise<boolean>;
}

/** Opens the port and serves calls on it. Rejects where the address or the TLS files cannot be used. */
export async function startTransportServer(options: TransportServerOptions): Promise<TransportServer> {
  const calls = createNodeHandler(options);
  const cors = options.cors === undefined ? undefined : createCors(options.cors);
  const port = await openPort({
    ...options,
    onExchange(exchange) {
      const allowed = cors?.(exchange) ?? {};
      if (allowed === "answered") return;
      exchange.extraHeaders = allowed;
      if (!calls.handle(exchange)) options.otherwise(exchange);
    },
  });
  return {
    url: port.url,
    get activeCalls() {
      return calls.activeCalls;
    },
    close(graceMs) {
      calls.endStreams();
      return port.close(graceMs);
    },
  };
}
