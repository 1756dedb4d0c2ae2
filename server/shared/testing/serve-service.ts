import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { requestLimits } from "../../request-message-limits.ts";
import { startTransportServer, type TransportServerOptions } from "../../transport/transport-server.ts";
import { createValidation } from "../request-validation.ts";
import { toConnectError } from "../to-connect-error.ts";

/** A served service. Disposing of it closes the server and its calls. */
export interface ServedService extends AsyncDisposable {
  /** For example `http://127.0.0.1:43210`. */
  readonly url: string;
}

/** Serves a service on a free port: real headers and trailers, validated requests, domain errors with their codes. */
export async function serveService<Service extends DescService>(
  service: Service,
  implementation: ServiceImpl<Service>,
): Promise<ServedService> {
  const server = await startTransportServer({
    host: "127.0.0.1",
    port: 0,
    otherwise: (exchange) => exchange.abort(),
    ...serviceOptions([service], (router) => router.service(service, implementation)),
  });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server.close(1_000);
    },
  };
}

/** Returns the options of a transport server for services: validation, request limits and the codes of errors. */
export function serviceOptions(
  services: readonly DescService[],
  routes: (router: ConnectRouter) => unknown,
): Pick<TransportServerOptions, "routes" | "interceptors" | "requestLimits" | "mapError"> {
  return {
    routes: (router) => void routes(router),
    interceptors: [createValidation(services)],
    requestLimits,
    mapError: toConnectError,
  };
}
