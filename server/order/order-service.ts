import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { OrderFilter } from "../../gen/bourse/order/v1/order_pb.ts";
import { type ExportOrdersRequest, OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { metadataNames } from "../shared/metadata-names.ts";
import {
  nameSelection,
  type ResumePoint,
  ResumeTokenExpiredError,
  type ResumeTokens,
  type SelectionName,
} from "../shared/resume-token.ts";
import { SharedLimit } from "../transport/protection/shared-limit.ts";
import { peerOf, setIdlePolicy } from "../transport/rpc/call.ts";
import { sendHeader, setTrailer } from "../transport/rpc/response-metadata.ts";
import { OrderExport, toPoint, toPosition } from "./export/order-export.ts";
import { encodeOrderFilter, type OrderCriteria, parseOrderFilter } from "./order-criteria.ts";
import type { OrderStore } from "./store/order-store.ts";
import type { OrderIntake } from "./submit/order-intake.ts";
import { submitOrders } from "./submit/submit-orders-handler.ts";

/** The maximum number of concurrent exports and summaries. An export buffers a page and its unsent responses, about 400 KB. */
export const maxExports = 1_000;

/** The limit that clients share on exports and summaries. */
export const exportLimit = { name: "maxExports", counted: "concurrent exports", max: maxExports };

export interface OrderServiceOptions {
  readonly store: OrderStore;
  readonly intake: OrderIntake;
  readonly tokens: ResumeTokens;
  /** Default: {@link exportLimit}, without a share per client. */
  readonly exports?: SharedLimit | undefined;
}

/** Implements OrderService. Requests have passed validation. */
export function orderService(options: OrderServiceOptions): ServiceImpl<typeof OrderService> {
  const { store, intake, tokens, exports = new SharedLimit(exportLimit) } = options;
  return {
    async *submitOrders(requests, context) {
      sendHeader(context);
      const onStart = (hasPendingOrders: () => boolean) => setIdlePolicy(context, { mayBeIdle: hasPendingOrders });
      yield* submitOrders(requests, intake, { peer: peerOf(context), signal: context.signal, onStart });
    },

    async *exportOrders(request, context) {
      const criteria = parseOrderFilter(request.filter);
      const name = nameOf(request.filter);
      const peer = peerOf(context);
      using _ = exports.acquire(peer);
      const start = await startOf(request, { store, tokens, criteria, name, peer }, context.signal);
      const orderExport = new OrderExport({
        store,
        criteria,
        peer,
        start,
        batchSize: request.batchSize || 1,
        sealPage: (point, count) => tokens.sealPage(name, point, count),
        decode: isJson(context),
      });
      sendHeader(context, { [metadataNames.totalCount]: start.total });
      try {
        yield* orderExport.responses(context.signal);
      } finally {
        setTrailer(context, {
          [metadataNames.sentCount]: orderExport.sent,
          [metadataNames.sha256]: orderExport.digest,
          [metadataNames.cursor]: Buffer.from(orderExport.token).toString("base64"),
        });
      }
    },

    async getOrderSummary({ filter }, context) {
      const peer = peerOf(context);
      using _ = exports.acquire(peer); // reads as many orders as an export
      const { signal } = context;
      const newest = store.newest;
      const totals = await store.totals(parseOrderFilter(filter), newest, signal, peer);
      return { orderCount: BigInt(totals.count), totals: totals.all(), newestSequence: BigInt(newest) };
    },
  };
}

function nameOf(filter: OrderFilter | undefined): SelectionName {
  const { typeName, method } = OrderService;
  return nameSelection(`${typeName}/${method.exportOrders.name}`, encodeOrderFilter(filter));
}

interface Selected {
  readonly store: OrderStore;
  readonly tokens: ResumeTokens;
  readonly criteria: OrderCriteria;
  readonly name: SelectionName;
  readonly peer: string;
}

/** Returns the start of an export: the position of its token, or the start of a snapshot of the current order store. */
async function startOf(
  { resumeToken }: ExportOrdersRequest,
  { store, tokens, criteria, name, peer }: Selected,
  signal: AbortSignal,
): Promise<ResumePoint> {
  const snapshot = store.newest;
  if (resumeToken.length > 0) {
    const place = tokens.open(resumeToken, name);
    if (place.snapshot <= snapshot) return toPoint(place, { store, criteria, peer, signal });
    throw new ResumeTokenExpiredError(
      `the token is of a store with ${place.snapshot} orders, but the store has only ${snapshot}`,
    );
  }
  const total = await store.count(criteria, snapshot, signal, peer);
  return { position: toPosition(0), snapshot, total, digest: new Uint8Array(32) };
}

/** Whether the responses are encoded as JSON. */
function isJson({ requestHeader }: HandlerContext): boolean {
  return requestHeader.get("content-type")?.includes("json") ?? false;
}
