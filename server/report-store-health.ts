import type { DescService } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { HealthCheckResponse_ServingStatus as Status } from "../gen/health/v1/health_pb.ts";
import type { StoreHealth } from "./storage/store-health.ts";
import { Health, wholeServer } from "./transport/services/health-service.ts";

export interface ServiceHealthOptions {
  readonly services: readonly DescService[];
  /** Those of them that store data. */
  readonly storingServices: readonly DescService[];
  readonly store: StoreHealth;
  readonly log: Logger;
}

/** Returns the health of the services. The server and its storing services are NOT_SERVING once the store is read-only. */
export function createServiceHealth({ services, storingServices, store, log }: ServiceHealthOptions): Health {
  const health = new Health(services.map(({ typeName }) => typeName));
  store.onFailure((error) => {
    log.error({ err: error }, "the store is read-only: check the disk and the data directory, then restart the server");
    for (const name of [wholeServer, ...storingServices.map(({ typeName }) => typeName)]) {
      if (health.has(name)) health.set(name, Status.NOT_SERVING);
    }
  });
  return health;
}
