import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  type Health as HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../gen/health/v1/health_pb.ts";

/** The state of a service as `grpc.health.v1` tells it. */
export type ServingStatus = typeof Status.SERVING | typeof Status.NOT_SERVING;

/** The name under which the server as a whole is asked for. */
export const wholeServer = "";

/** Keeps the state of each service and tells it as `grpc.health.v1.Health`. */
export class Health {
  readonly #statuses = new Map<string, ServingStatus>();
  #changed = Promise.withResolvers<void>();

  /** @param services the full names of the services that are served, from now on SERVING */
  constructor(services: readonly string[]) {
    for (const service of [wholeServer, ...services]) this.#statuses.set(service, Status.SERVING);
  }

  /** Reports the state of one service from now on; {@link wholeServer} is the server as a whole, and only that. */
  set(service: string, status: ServingStatus): void {
    this.#statuses.set(service, status);
    this.#tell();
  }

  /** Whether there is such a service. */
  has(service: string): boolean {
    return this.#statuses.has(service);
  }

  /** Every service is NOT_SERVING from now on. */
  shutDown(): void {
    for (const service of this.#statuses.keys()) this.#statuses.set(service, Status.NOT_SERVING);
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The implementation of the standard service. */
  service(): ServiceImpl<typeof HealthService> {
    const statuses = this.#statuses;
    const changed = () => this.#changed.promise;
    return {
      check({ service }) {
        const status = statuses.get(service);
        if (status === undefined) {
          throw new ConnectError(`no service ${service} is served: reflection lists those that are`, Code.NotFound);
        }
        return { status };
      },
      list() {
        return { statuses: Object.fromEntries([...statuses].map(([service, status]) => [service, { status }])) };
      },
      async *watch({ service }, { signal }) {
        const aborted = new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
        aborted.catch(() => {});
        let told: Status | undefined;
        for (;;) {
          const status = statuses.get(service) ?? Status.SERVICE_UNKNOWN;
          const change = changed();
          if (status !== told) yield { status };
          told = status;
          signal.throwIfAborted();
          await Promise.race([change, aborted]);
        }
      },
    };
  }
}
