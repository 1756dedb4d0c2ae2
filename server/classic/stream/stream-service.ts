import type { ServiceImpl } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { StreamService } from "../../../gen/classic/proto/stream_service_pb.ts";
import type { OrderStore } from "../../order/store/order-store.ts";
import { setIdlePolicy } from "../../transport/port/client-idle-timeout.ts";
import { peerOf } from "../../transport/protection/peer-of.ts";
import type { SharedLimit } from "../../transport/protection/shared-limit.ts";
import { sendHeader } from "../../transport/rpc/metadata.ts";
import { listOrders } from "./order-list.ts";
import { sumData } from "./sum-data.ts";
import { type UploadFilesOptions, uploadFiles } from "./upload-files.ts";

/** What `StreamService` needs. */
export interface StreamServiceOptions extends UploadFilesOptions {
  readonly orders: Pick<OrderStore, "newest" | "pages">;
  /** The limit on exports of orders, of which each list is one. */
  readonly exports: SharedLimit;
  readonly log: Pick<Logger, "info">;
  /** How long a client that brings files may send nothing, in ms. */
  readonly stallMs: number;
}

/** Orders, files and numbers. */
export function streamService(options: StreamServiceOptions): ServiceImpl<typeof StreamService> {
  const { orders, exports, log } = options;
  return {
    async *orderList(_request, context) {
      const peer = peerOf(context);
      using _ = exports.acquire(peer);
      sendHeader(context);
      yield* listOrders(orders, { peer, signal: context.signal });
    },

    async uploadFile(requests, context) {
      setIdlePolicy(context, { timeoutMs: options.stallMs });
      await uploadFiles(requests, peerOf(context), options, (stored) => log.info(stored, "files stored"));
      return {};
    },

    sumData: (requests) =>
      sumData(requests, ({ sum, count }) => log.info({ sum: String(sum), count }, "numbers summed up")),
  };
}
