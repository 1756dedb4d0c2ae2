import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  type Health as HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../gen/health/v1/health_pb.ts";

/** The status of a service in `grpc.health.v1`. */
export type ServingStatus = typeof Status.SERVING | typeof Status.NOT_SERVING;

/** The name of the server as a whole: https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export const wholeServer = "";

/** Implements `grpc.health.v1.Health`. Keeps the status of each service. */
export class Health {
  readonly #statuses = new Map<string, ServingStatus>();
  #changed = Promise.withResolvers<void>();

  /** @param services the full names of the services, which are SERVING from now on */
  constructor(services: readonly string[]) {
    for (const service of [wholeServer, ...services]) this.#statuses.set(service, Status.SERVING);
  }

  /** Sets the status of one service. That of {@link wholeServer} does not depend on the others. */
  set(service: string, status: ServingStatus): void {
    this.#statuses.set(service, status);
    this.#notify();
  }

  /** Whether a service is known. */
  has(service: string): boolean {
    return this.#statuses.has(service);
  }

  /** Sets all services to NOT_SERVING. */
  shutDown(): void {
    for (const service of this.#statuses.keys()) this.#statuses.set(service, Status.NOT_SERVING);
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Returns the implementation of the standard service. */
  service(): ServiceImpl<typeof HealthService> {
    const statuses = this.#statuses;
    const changed = () => this.#changed.promise;
    return {
      check({ service }) {
        const status = statuses.get(service);
        if (status === undefined) {
          throw new ConnectError(`unknown service ${service}: call Health.List for the known services`, Code.NotFound);
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
        let reported: Status | undefined;
        for (;;) {
          const status = statuses.get(service) ?? Status.SERVICE_UNKNOWN;
          const change = changed();
          if (status !== reported) yield { status };
          reported = status;
          signal.throwIfAborted();
          await Promise.race([change, aborted]);
        }
      },
    };
  }
}
