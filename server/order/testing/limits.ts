import { maxPositionBytes } from "../../shared/resume-token.ts";
import type { FamilyLimits } from "../../shared/testing/family-limits.ts";
import { maxQueuedStatements } from "../../storage/sqlite/kysely-thread-dialect.ts";
import { maxResponseBytes } from "../export/order-export.ts";
import { exportLimit, maxExports } from "../order-service.ts";
import { maxGroupOrders, maxWaitingOrders, waitingOrderLimit } from "../submit/order-intake.ts";
import { maxUnansweredOrders } from "../submit/submit-orders-handler.ts";

export const familyLimits: FamilyLimits = {
  title: "Orders and the store",
  introduction: "`--max-store` limits the size of the database. Beyond it, writes are RESOURCE_EXHAUSTED.",
  limits: [
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
    [
      "maxExports",
      maxExports,
      "concurrent exports, lists and summaries of orders, of all clients",
      "RESOURCE_EXHAUSTED",
    ],
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
  ],
  shared: [
    [exportLimit, "RESOURCE_EXHAUSTED"],
    [waitingOrderLimit, "back-pressure on its streams"],
  ],
};
