import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import type { OrderService } from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { orderService } from "../../../server/order/order-service.ts";
import type { OrderTables } from "../../../server/order/store/order-tables.ts";
import { SqliteOrderStore } from "../../../server/order/store/sqlite-order-store.ts";
import { encodeNewOrder } from "../../../server/order/submit/encode-new-order.ts";
import { OrderIntake } from "../../../server/order/submit/order-intake.ts";
import { ResumeTokens, resumeKeyBytes } from "../../../server/shared/resume-token.ts";
import type { Database } from "../../../server/storage/sqlite/database.ts";
import { orderAt } from "../shared/order-at.ts";

/** The project's own order store, in a database. */
export interface FillableOrders {
  readonly service: ServiceImpl<typeof OrderService>;
  /** Adds orders until the store has `count` orders. Resolves to the number of stored orders. */
  fill(count: number): Promise<number>;
}

export function openFillableOrders(database: Database<OrderTables>): FillableOrders {
  const store = new SqliteOrderStore(database);
  const tokens = new ResumeTokens(randomBytes(resumeKeyBytes));
  return {
    service: orderService({ store, intake: new OrderIntake(store), tokens }),
    async fill(count) {
      while (store.newest < count) {
        const size = Math.min(ordersInCommit, count - store.newest);
        const orders = Array.from({ length: size }, (_, at) => encodeNewOrder(storedOrderAt(store.newest + at)));
        await store.append(orders);
      }
      return store.newest;
    },
  };
}

const ordersInCommit = 1_000;
const ordersInInvoice = 20;
const firstOrderNumber = 536_365;
const nanosInCent = 10_000_000;

/** Creates the stored order with an index. All peers create the same orders. */
function storedOrderAt(index: number): Order {
  const { productCode, description, customer, country, placeTime } = orderAt(index);
  const cents = 85 + (index % 2_000);
  return create(OrderSchema, {
    key: `bench/${index}`,
    orderNumber: String(firstOrderNumber + Math.floor(index / ordersInInvoice)),
    productCode,
    description,
    quantity: (index % 48) + 1,
    unitPrice: { currencyCode: "GBP", units: BigInt(Math.floor(cents / 100)), nanos: (cents % 100) * nanosInCent },
    customerId: customer,
    country,
    ...(placeTime && { placedAt: placeTime }),
  });
}
