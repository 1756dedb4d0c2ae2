import type { DescService } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { HealthCheckResponse_ServingStatus as Status } from "../gen/health/v1/health_pb.ts";
import type { StoreHealth } from "./storage/store-health.ts";
import { type Health, wholeServer } from "./transport/services/health-service.ts";

export interface ReportStoreHealthOptions {
  readonly store: StoreHealth;
  readonly health: Health;
  /** The services that store data; those without a health are ignored. */
  readonly storingServices: readonly DescService[];
  readonly log: Logger;
}

/** Logs a failure of the store, and sets the health of the server and of its storing services to NOT_SERVING. */
export function reportStoreHealth({ store, health, storingServices, log }: ReportStoreHealthOptions): void {
  store.onFailure((error) => {
    log.error({ err: error }, "the store is read-only: check the disk and the data directory, then restart the server");
    for (const name of [wholeServer, ...storingServices.map(({ typeName }) => typeName)]) {
      if (health.has(name)) health.set(name, Status.NOT_SERVING);
    }
  });
}
