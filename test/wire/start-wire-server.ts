import type { CallRecord } from "../../server/transport/rpc/call-record.ts";
import {
  startTransportServer,
  type TransportServer,
  type TransportServerOptions,
} from "../../server/transport/transport-server.ts";
import { registerWireService, type Scenario } from "./wire-service.ts";

/** A server of the wire service on a free port. Disposing of it closes it, and throws if calls are still open. */
export interface WireServer extends TransportServer, AsyncDisposable {
  /** The address, as HOST:PORT. */
  readonly authority: string;
  readonly port: number;
  /** The calls that have ended, oldest first. */
  readonly calls: readonly CallRecord[];
  /** Resolves to the record of the next call that ends. */
  nextCall(): Promise<CallRecord>;
}

/** Starts a server whose calls run `scenarios`, by name. */
export async function startWireServer(
  scenarios: Record<string, Scenario>,
  options: Partial<TransportServerOptions> = {},
): Promise<WireServer> {
  const calls: CallRecord[] = [];
  let waiting = Promise.withResolvers<CallRecord>();
  const server = await startTransportServer({
    host: "127.0.0.1",
    port: 0,
    routes: (router) => registerWireService(router, scenarios),
    otherwise: (exchange) => exchange.abort(),
    onCall(record) {
      calls.push(record);
      waiting.resolve(record);
      waiting = Promise.withResolvers();
    },
    ...options,
  });
  const { host, port } = new URL(server.url);
  return {
    url: server.url,
    authority: host,
    port: Number(port),
    calls,
    get activeCalls() {
      return server.activeCalls;
    },
    get connections() {
      return server.connections;
    },
    get sessions() {
      return server.sessions;
    },
    get bufferedBytes() {
      return server.bufferedBytes;
    },
    sharedLimits: server.sharedLimits,
    nextCall: () => waiting.promise,
    close: (graceMs) => server.close(graceMs),
    async [Symbol.asyncDispose]() {
      await server.close(1_000);
    },
  };
}
