import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { orderService } from "../../server/order/order-service.ts";
import { type OrderTables, orderMigrations } from "../../server/order/store/order-tables.ts";
import { SqliteOrderStore } from "../../server/order/store/sqlite-order-store.ts";
import { OrderIntake } from "../../server/order/submit/order-intake.ts";
import { ResumeTokens, resumeKeyBytes } from "../../server/shared/resume-token.ts";
import { serviceOptions } from "../../server/shared/testing/serve-service.ts";
import { type DatabaseOptions, openDatabase } from "../../server/storage/sqlite/database.ts";
import { startWireServer } from "./start-wire-server.ts";

/** A server of OrderService on a free port, with an empty order store in a separate database. */
export async function startOrderServer(options: Partial<DatabaseOptions> = {}) {
  const resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-order-wire-")));
  const database = resources.use(await openDatabase<OrderTables>(path, { migrations: [orderMigrations], ...options }));
  const store = new SqliteOrderStore(database);
  const tokens = new ResumeTokens(new Uint8Array(resumeKeyBytes).fill(7));
  const intake = new OrderIntake(store);
  const server = resources.use(
    await startWireServer(
      {},
      serviceOptions([OrderService], (router) => router.service(OrderService, orderService({ store, intake, tokens }))),
    ),
  );
  return { store, intake, server, database, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

export type OrderServer = Awaited<ReturnType<typeof startOrderServer>>;
