import { create } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { OrderSchema as StoredOrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import {
  type OrderListResponse,
  OrderListResponseSchema,
  OrderSchema,
} from "../../../gen/classic/proto/stream_service_pb.ts";
import type { OrderStore } from "../../order/store/order-store.ts";
import { batch } from "../../transport/rpc/yield-batch.ts";

/** The number of orders in a page, which is read and yielded in one step. It takes half a millisecond. */
const pageSize = 256;

/** The sequence of the last order that can be listed: the tutorial's ids have 32 bits. */
export const maxListedOrders = 2 ** 31 - 1;

/**
 * Yields all orders that are stored at the start of the call, in their sequence, up to {@link maxListedOrders}. Buffers
 * one page. Throws the reason of `signal` before the next page after it aborts.
 */
export async function* listOrders(
  orders: Pick<OrderStore, "newest" | "pages">,
  { peer, signal }: { readonly peer?: string; readonly signal?: AbortSignal } = {},
): AsyncGenerator<OrderListResponse> {
  const range = {
    after: 0,
    snapshot: Math.min(orders.newest, maxListedOrders),
    pageSize,
    ...(peer !== undefined && { peer }),
  };
  const decode = createPageDecoder();
  for await (const { bytes } of orders.pages({}, range, signal)) yield* batch(decode(bytes));
}

/**
 * Creates a decoder for pages of stored orders. It reads only the fields of the response from the bytes, which takes a
 * fraction of the time to decode whole messages.
 */
function createPageDecoder(): (page: Uint8Array) => OrderListResponse[] {
  const formatDate = createDateFormatter();
  return (page) => {
    const reader = new BinaryReader(page);
    const responses: OrderListResponse[] = [];
    while (reader.pos < reader.len) {
      reader.tag();
      const end = reader.uint32() + reader.pos;
      const order = create(OrderSchema);
      while (reader.pos < end) {
        const [field, type] = reader.tag();
        if (field === fields.sequence) order.id = reader.uint32();
        else if (field === fields.orderNumber) order.orderSn = reader.string();
        else if (field === fields.placedAt) order.date = formatDate(readSeconds(reader));
        else reader.skip(type, field);
      }
      const response = create(OrderListResponseSchema);
      response.order = order;
      responses.push(response);
    }
    return responses;
  };
}

const fields = {
  sequence: StoredOrderSchema.field.sequence.number,
  orderNumber: StoredOrderSchema.field.orderNumber.number,
  placedAt: StoredOrderSchema.field.placedAt.number,
};

/** Reads the seconds of a Timestamp and skips its nanoseconds. */
function readSeconds(reader: BinaryReader): number {
  const end = reader.uint32() + reader.pos;
  let seconds = 0;
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === 1) seconds = Number(reader.int64());
    else reader.skip(type, field);
  }
  return seconds;
}

/** Creates a formatter for `YYYY-MM-DD HH:MM:SS`. It caches the last time, because adjacent orders often share it. */
function createDateFormatter(): (seconds: number) => string {
  let last = 0;
  let text = "1970-01-01 00:00:00";
  return (seconds) => {
    if (seconds !== last) {
      text = new Date(seconds * 1_000).toISOString().slice(0, "YYYY-MM-DDTHH:MM:SS".length).replace("T", " ");
      last = seconds;
    }
    return text;
  };
}
