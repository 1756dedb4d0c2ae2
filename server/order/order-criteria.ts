import { toBinary } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { isValidTimestamp } from "../../client/shared/micro-time.ts";
import { Cancellations, type OrderFilter, OrderFilterSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";

/** A point in time to the nanosecond. */
interface Instant {
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly nanos: number;
}

/** The conditions that select orders. An absent condition selects all. */
export interface OrderCriteria {
  readonly placedFrom?: Instant;
  readonly placedBefore?: Instant;
  readonly country?: string;
  /** Null selects the orders without a customer. */
  readonly customerId?: string | null;
  readonly productCode?: string;
  readonly cancellations?: "excluded" | "only";
}

/**
 * Converts a filter of a request. Throws an InvalidFieldError if a time is invalid, or if the range of times is empty.
 *
 * @param filter undefined selects all orders
 */
export function parseOrderFilter(filter: OrderFilter | undefined): OrderCriteria {
  if (filter === undefined) return {};
  const { country, customerId, productCode, cancellations } = filter;
  const placedFrom = instantOf(filter.placedFrom, "filter.placed_from");
  const placedBefore = instantOf(filter.placedBefore, "filter.placed_before");
  if (placedFrom !== undefined && placedBefore !== undefined && !isBefore(placedFrom, placedBefore)) {
    throw new InvalidFieldError("filter.placed_before", "must be later than placed_from: the range is empty");
  }
  return {
    ...(placedFrom && { placedFrom }),
    ...(placedBefore && { placedBefore }),
    ...(country !== "" && { country }),
    ...(customerId !== undefined && { customerId: customerId === "" ? null : customerId }),
    ...(productCode !== "" && { productCode }),
    ...(cancellations === Cancellations.EXCLUDED && { cancellations: "excluded" }),
    ...(cancellations === Cancellations.ONLY && { cancellations: "only" }),
  };
}

/** Returns bytes that identify a filter. Empty if it selects all orders: it is undefined or has no conditions. */
export function encodeOrderFilter(filter: OrderFilter | undefined): Uint8Array {
  return filter === undefined ? new Uint8Array() : toBinary(OrderFilterSchema, filter, { writeUnknownFields: false });
}

/** Whether criteria have no conditions. */
export function selectsAll(criteria: OrderCriteria): boolean {
  return Object.keys(criteria).length === 0;
}

function instantOf(timestamp: Timestamp | undefined, field: string): Instant | undefined {
  if (timestamp === undefined) return undefined;
  if (!isValidTimestamp(timestamp)) {
    throw new InvalidFieldError(field, "must be in the years 1 to 9999, with nanos from 0 to 999,999,999");
  }
  return { seconds: Number(timestamp.seconds), nanos: timestamp.nanos };
}

function isBefore(first: Instant, second: Instant): boolean {
  return first.seconds < second.seconds || (first.seconds === second.seconds && first.nanos < second.nanos);
}
