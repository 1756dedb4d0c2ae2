import type { ServiceImpl } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { Timers } from "../../client/shared/timers.ts";
import type { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import type { ResumeTokens } from "../shared/resume-token.ts";
import type { Database } from "../storage/sqlite/database.ts";
import type { LimitDefinition, SharedLimit } from "../transport/protection/shared-limit.ts";
import { fillOrderStore } from "./demo/fill-order-store.ts";
import { exportLimit, orderService } from "./order-service.ts";
import type { OrderStore } from "./store/order-store.ts";
import type { OrderTables } from "./store/order-tables.ts";
import { SqliteOrderStore } from "./store/sqlite-order-store.ts";
import { OrderIntake, waitingOrderLimit } from "./submit/order-intake.ts";

export interface OpenOrdersOptions {
  readonly database: Pick<Database<OrderTables>, "tables" | "reader">;
  /** Signs the resume tokens of exports. */
  readonly tokens: ResumeTokens;
  /** The number of demonstration orders; 0 for none. */
  readonly demoOrders: number;
  /** Makes the limits that clients share. */
  readonly limit: (definition: LimitDefinition) => SharedLimit;
  readonly timers: Timers;
  readonly log: Logger;
}

/** The open order store. */
export interface OpenOrders {
  readonly store: OrderStore;
  readonly service: ServiceImpl<typeof OrderService>;
  /** The limit on concurrent exports and summaries. */
  readonly exports: SharedLimit;
  /** Adds the demonstration orders to an empty order store, in the background. Does nothing if it has other orders. */
  startDemo(): void;
  /** Stops adding demonstration orders. Resolves when no more are added; the next start continues. */
  stopDemo(): Promise<void>;
}

/** Opens the order store on the embedded database. The caller closes the database. */
export function openOrders({ database, tokens, demoOrders, limit, timers, log }: OpenOrdersOptions): OpenOrders {
  const store = new SqliteOrderStore(database);
  const intake = new OrderIntake(store, limit(waitingOrderLimit));
  const exports = limit(exportLimit);
  const demoEnd = new AbortController();
  let demo: Promise<void> | undefined;
  return {
    store,
    service: orderService({ store, intake, tokens, exports }),
    exports,
    startDemo() {
      demo ??= fillOrderStore({ store, intake, count: demoOrders, log, timers, signal: demoEnd.signal });
    },
    async stopDemo() {
      demoEnd.abort();
      await demo;
    },
  };
}
