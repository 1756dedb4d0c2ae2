import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import { MoneySchema } from "../../../gen/google/type/money_pb.ts";
import { ByteSink } from "../../transport/encoding/byte-sink.ts";
import { messageEncoder } from "../../transport/encoding/message-encoder.ts";

/** A valid order without a sequence. */
export interface NewOrder {
  readonly order: Order;
  /** The protobuf bytes of all fields but the sequence. Two orders are the same if these are the same. */
  readonly content: Uint8Array;
}

/** Copies the stored fields of a valid order, all but the sequence and unknown fields, and encodes them. */
export function encodeNewOrder(draft: Order): NewOrder {
  const { key, orderNumber, productCode, description, quantity, unitPrice, customerId, country, placedAt } = draft;
  const order = create(OrderSchema);
  Object.assign(order, { key, orderNumber, productCode, description, quantity, country });
  if (customerId !== undefined) order.customerId = customerId;
  if (unitPrice !== undefined) {
    const { currencyCode, units, nanos } = unitPrice;
    order.unitPrice = create(MoneySchema, { currencyCode, units, nanos });
  }
  if (placedAt !== undefined) {
    order.placedAt = create(TimestampSchema, { seconds: placedAt.seconds, nanos: placedAt.nanos });
  }
  sink.position = 0;
  encode(order, sink);
  return { order, content: new Uint8Array(sink.buffer.subarray(0, sink.position)) };
}

const encode = messageEncoder(OrderSchema);

const initialBytes = 1_024; // most orders have a few hundred
const sink = new ByteSink(initialBytes);
