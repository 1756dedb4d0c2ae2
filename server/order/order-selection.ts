import { toBinary } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { isValidTimestamp } from "../../client/shared/micro-time.ts";
import { Cancellations, type OrderFilter, OrderFilterSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";

/** A point in time to the nanosecond. */
interface Instant {
  /** Since 1970. */
  readonly seconds: number;
  readonly nanos: number;
}

/** Which orders are meant; what is absent leaves all. */
export interface OrderSelection {
  readonly placedFrom?: Instant;
  readonly placedBefore?: Instant;
  readonly country?: string;
  /** Null: those without a customer. */
  readonly customerId?: string | null;
  readonly productCode?: string;
  readonly cancellations?: "excluded" | "only";
}

/**
 * What a filter selects. Throws an InvalidFieldError where it contradicts itself, or has a time that is none.
 *
 * @param filter undefined selects all
 */
export function selectionOf(filter: OrderFilter | undefined): OrderSelection {
  if (filter === undefined) return {};
  const { country, customerId, productCode, cancellations } = filter;
  const placedFrom = instantOf(filter.placedFrom, "filter.placed_from");
  const placedBefore = instantOf(filter.placedBefore, "filter.placed_before");
  if (placedFrom !== undefined && placedBefore !== undefined && !isBefore(placedFrom, placedBefore)) {
    throw new InvalidFieldError("filter.placed_before", "must be later than placed_from, or no order can be meant");
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

/** The bytes that name what a filter selects: none for all orders, whether there is a filter or an empty one. */
export function selectionBytes(filter: OrderFilter | undefined): Uint8Array {
  return filter === undefined ? new Uint8Array() : toBinary(OrderFilterSchema, filter, { writeUnknownFields: false });
}

/** Whether all orders are meant. */
export function isEverything(selection: OrderSelection): boolean {
  return Object.keys(selection).length === 0;
}

function instantOf(timestamp: Timestamp | undefined, field: string): Instant | undefined {
  if (timestamp === undefined) return undefined;
  if (!isValidTimestamp(timestamp)) {
    throw new InvalidFieldError(field, "must be from the year 1 to 9999, with nanos from 0 to 999,999,999");
  }
  return { seconds: Number(timestamp.seconds), nanos: timestamp.nanos };
}

function isBefore(one: Instant, other: Instant): boolean {
  return one.seconds < other.seconds || (one.seconds === other.seconds && one.nanos < other.nanos);
}
