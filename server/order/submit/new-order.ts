import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import { MoneySchema } from "../../../gen/google/type/money_pb.ts";
import { ByteSink } from "../../transport/encoding/byte-sink.ts";
import { messageEncoder } from "../../transport/encoding/message-encoder.ts";

/** An order that keeps the rules and has no sequence yet. */
export interface NewOrder {
  readonly order: Order;
  /** Its protobuf bytes: what follows the sequence once it has one. Two orders are the same where these are. */
  readonly content: Uint8Array;
}

/** Takes from an order that keeps the rules what is stored of it: not the sequence, and no field that is not known. */
export function newOrder(draft: Order): NewOrder {
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

const usualBytes = 1_024;
const sink = new ByteSink(usualBytes);
