import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Logger } from "pino";
import {
  type StreamService,
  type SumDataRequest,
  type SumDataResponse,
  SumDataResponseSchema,
} from "../../../gen/classic/proto/stream_service_pb.ts";
import type { OrderStore } from "../../order/store/order-store.ts";
import type { SharedLimit } from "../../transport/protection/shared-limit.ts";
import { peerOf, setIdlePolicy } from "../../transport/rpc/call.ts";
import { sendHeader } from "../../transport/rpc/response-metadata.ts";
import { callLimitError } from "./call-limit-error.ts";
import { listOrders } from "./list-orders.ts";
import { type UploadFilesOptions, uploadFiles } from "./upload-files.ts";

/** The dependencies of `StreamService`. */
export interface StreamServiceOptions extends UploadFilesOptions {
  readonly orders: Pick<OrderStore, "newest" | "pages">;
  /** The limit on concurrent exports. Each call of OrderList counts as one. */
  readonly exports: SharedLimit;
  readonly log: Pick<Logger, "info">;
  /** The idle timeout of UploadFile in ms: the longest time without a message. */
  readonly idleTimeoutMs: number;
}

/** Creates the handlers of `StreamService`: a list of orders, an upload of files, and a running count of numbers. */
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
      setIdlePolicy(context, { timeoutMs: options.idleTimeoutMs });
      await uploadFiles(requests, peerOf(context), options, (stored) => log.info(stored, "stored files"));
      return {};
    },

    sumData: (requests) =>
      countNumbers(requests, ({ sum, count }) => log.info({ sum: String(sum), count }, "summed numbers")),
  };
}

/** The maximum count of numbers in a call of SumData. The responses count them in 32 bits. */
export const maxSummedNumbers = 2 ** 31 - 1;

/** The sum and the count of the received numbers. */
interface NumberSum {
  readonly sum: bigint;
  readonly count: number;
}

/**
 * Yields 0 at once, and then the count of the numbers after each one. Throws a LimitError after
 * {@link maxSummedNumbers}.
 *
 * @param onEnd called once with the total when the stream ends or fails
 */
async function* countNumbers(
  requests: AsyncIterable<SumDataRequest>,
  onEnd: (total: NumberSum) => void,
): AsyncGenerator<SumDataResponse> {
  let sum = 0n;
  let count = 0;
  try {
    yield create(SumDataResponseSchema, { number: 0 });
    for await (const { number } of requests) {
      if (count >= maxSummedNumbers) {
        throw callLimitError({ name: "maxSummedNumbers", value: maxSummedNumbers }, "numbers", count + 1);
      }
      sum += BigInt(number);
      count++;
      yield create(SumDataResponseSchema, { number: count });
    }
  } finally {
    onEnd({ sum, count });
  }
}
