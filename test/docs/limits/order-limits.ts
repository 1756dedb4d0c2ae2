import { maxResponseBytes } from "../../../server/order/export/export-orders.ts";
import { maxExports } from "../../../server/order/order-service.ts";
import { maxGroupOrders, maxWaitingOrders } from "../../../server/order/submit/order-intake.ts";
import { maxUnansweredOrders } from "../../../server/order/submit/submit-orders.ts";
import { maxPositionBytes } from "../../../server/shared/resume-token.ts";
import { maxQueuedStatements } from "../../../server/storage/sqlite/thread-dialect.ts";

/** The limits of orders and of the store. */
export const orderLimits = [
  [
    "maxUnansweredOrders",
    maxUnansweredOrders,
    "orders of one stream without a response or with an unread response",
    "back-pressure on the stream",
  ],
  [
    "maxWaitingOrders",
    maxWaitingOrders,
    "orders of all streams that wait for a commit",
    "back-pressure on the streams",
  ],
  [
    "maxGroupOrders",
    maxGroupOrders,
    "orders of one commit",
    "the others are in the next commit; each serves clients round-robin",
  ],
  ["maxExports", maxExports, "concurrent exports, lists and summaries of orders, of all clients", "RESOURCE_EXHAUSTED"],
  [
    "maxResponseBytes",
    maxResponseBytes,
    "bytes of the orders in one response of an export",
    "the others are in the next response",
  ],
  [
    "maxPositionBytes",
    maxPositionBytes,
    "bytes of the position in a resume token, which has 83 more bytes",
    "no token is created",
  ],
  [
    "maxQueuedStatements",
    maxQueuedStatements,
    "queries and transactions that wait for a database thread",
    "UNAVAILABLE: retry",
  ],
] as const;
