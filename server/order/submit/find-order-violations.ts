import { isValidTimestamp } from "../../../client/shared/micro-time.ts";
import type { Order } from "../../../gen/bourse/order/v1/order_pb.ts";
import type { Money } from "../../../gen/google/type/money_pb.ts";

/** A rule that an order breaks: the path of the field in the order, and the rule. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

/**
 * Returns the rules of the proto that an order breaks; none if it is valid.
 *
 * An invalid order of a stream is rejected and the call continues, so these rules are not checked by the validation of
 * requests, which would end the call. They are plain code because evaluating a rule in CEL takes longer than storing an
 * order.
 */
export function findOrderViolations(order: Order): Violation[] {
  const violations: Violation[] = [];
  const check = (field: string, description: string | undefined) => {
    if (description !== undefined) violations.push({ field, description });
  };
  check("key", keyProblem(order.key));
  check("order_number", textProblem(order.orderNumber, 1, 64));
  check("product_code", textProblem(order.productCode, 1, 64));
  check("description", textProblem(order.description, 0, 1_000));
  check("quantity", quantityProblem(order.quantity));
  check("unit_price", priceProblem(order.unitPrice));
  if (order.customerId !== undefined) check("customer_id", textProblem(order.customerId, 1, 64));
  check("country", textProblem(order.country, 1, 100));
  check("placed_at", placedAtProblem(order));
  return violations;
}

const maxKeyBytes = 200;
const maxBytesPerUnit = 3;

function keyProblem(key: string): string | undefined {
  if (key === "") return `must have 1 to ${maxKeyBytes} bytes, and is empty`;
  if (key.length * maxBytesPerUnit <= maxKeyBytes) return undefined;
  const bytes = Buffer.byteLength(key);
  return bytes <= maxKeyBytes ? undefined : `must have 1 to ${maxKeyBytes} bytes, and has ${bytes}`;
}

function textProblem(text: string, min: number, max: number): string | undefined {
  if (text.length < min) return `must have ${min} to ${format(max)} characters, and is empty`;
  if (text.length <= max) return undefined;
  let characters = 0;
  for (const _ of text) characters++;
  return characters <= max ? undefined : `must have ${min} to ${format(max)} characters, and has ${format(characters)}`;
}

/** The largest quantity, of either sign. */
const maxQuantity = 1_000_000;

function quantityProblem(quantity: number): string | undefined {
  if (quantity === 0) return "is missing or 0";
  if (Math.abs(quantity) <= maxQuantity) return undefined;
  return `must be from -${format(maxQuantity)} to ${format(maxQuantity)}, and is ${quantity}`;
}

const maxUnits = 1_000_000_000n;
const nanosInUnit = 1_000_000_000;

function priceProblem(price: Money | undefined): string | undefined {
  if (price === undefined) return "is missing";
  const { currencyCode, units, nanos } = price;
  if (!/^[A-Z]{3}$/.test(currencyCode)) return "currency_code must be three capital letters (ISO 4217)";
  if (nanos <= -nanosInUnit || nanos >= nanosInUnit) return "nanos must be from -999,999,999 to 999,999,999";
  if ((units > 0n && nanos < 0) || (units < 0n && nanos > 0)) return "units and nanos must have the same sign";
  const isLarge = units > maxUnits || units < -maxUnits || ((units === maxUnits || units === -maxUnits) && nanos !== 0);
  return isLarge ? "must be from -1,000,000,000 to 1,000,000,000" : undefined;
}

function placedAtProblem({ placedAt }: Order): string | undefined {
  if (placedAt === undefined) return "is missing";
  return isValidTimestamp(placedAt) ? undefined : "must be in the years 1 to 9999, with nanos from 0 to 999,999,999";
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}
