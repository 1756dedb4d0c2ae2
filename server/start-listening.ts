import { fileURLToPath } from "node:url";
import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { Config } from "./config/config.ts";
import { logTlsReloads } from "./logging/log-tls-reloads.ts";
import { requestLimits } from "./request-message-limits.ts";
import { classicNames, metadataNames } from "./shared/metadata-names.ts";
import { createValidation } from "./shared/request-validation.ts";
import { toConnectError } from "./shared/to-connect-error.ts";
import type { Exchange } from "./transport/exchange/exchange.ts";
import { logCalls } from "./transport/rpc/call-record.ts";
import { createStaticFiles } from "./transport/static-files.ts";
import { startTransportServer, type TransportServer } from "./transport/transport-server.ts";

/** The folder of the built dashboard. In the package it is beside this file's folder, in `dist/`. */
const dashboard = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../dist/web" : "../web", import.meta.url));

export interface ListeningOptions {
  readonly config: Config;
  readonly log: Logger;
  /** The services whose requests are validated. */
  readonly services: readonly DescService[];
  /** Registers the services. */
  readonly routes: (router: ConnectRouter) => void;
  /** Returns the domain error of an error of the database; any other error unchanged. */
  readonly toDomainError: (error: unknown) => unknown;
  /** Serves an exchange and returns true if its path is that of an upload; returns false otherwise. */
  readonly serveUpload: (exchange: Exchange) => boolean;
}

/**
 * Starts to listen on the configured port, and serves the routes, the files of uploads and the dashboard. Rejects if the
 * address or the TLS files cannot be used.
 */
export function startListening(options: ListeningOptions): Promise<TransportServer> {
  const { config, log, services, routes, toDomainError, serveUpload } = options;
  const { host, port, tls, limits, allowedHosts: hosts, corsOrigins: origins } = config;
  const exposedNames = [...Object.values(metadataNames), classicNames.token];
  const serveDashboard = createStaticFiles(dashboard);
  return startTransportServer({
    host,
    port,
    ...(tls && { tls }),
    onTlsReload: logTlsReloads(log),
    interceptors: [createValidation(services)],
    mapError: (error) => toConnectError(toDomainError(error)),
    routes,
    onCall: logCalls(log),
    limits,
    requestLimits,
    trusted: { hosts, origins },
    ...(origins.length > 0 && { cors: { origins, exposedNames } }),
    otherwise: (exchange) => {
      if (!serveUpload(exchange)) serveDashboard(exchange);
    },
  });
}
