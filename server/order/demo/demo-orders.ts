import { setImmediate } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import type { OrderStore } from "../store/order-store.ts";
import { encodeNewOrder, type NewOrder } from "../submit/encode-new-order.ts";
import type { OrderIntake, SubmitOutcome } from "../submit/order-intake.ts";
import { customers, things } from "./demo-shop-data.ts";

export interface DemoOrdersOptions {
  readonly store: OrderStore;
  readonly intake: OrderIntake;
  /** The number of demonstration orders. */
  readonly count: number;
  readonly signal: AbortSignal;
  /** Receives the number of stored orders from time to time. */
  readonly onProgress?: (stored: number) => void;
}

/** Whether the order store is empty, or has some of the demonstration orders but not all. */
export function needsDemoOrders({ store, count }: Pick<DemoOrdersOptions, "store" | "count">): boolean {
  if (count === 0) return false;
  return store.newest === 0 || (store.hasKey(keyOf(0)) && !store.hasKey(keyOf(count - 1)));
}

/**
 * Stores the demonstration orders in slices, and yields to the event loop in between. Continues after the last one that an
 * earlier run has stored. Resolves early if the signal aborts. Rejects with the error of the store.
 */
export async function storeDemoOrders({ store, intake, count, signal, onProgress }: DemoOrdersOptions): Promise<void> {
  let stored = storedOf(store, count);
  while (stored < count && !signal.aborted) {
    const slice = Math.min(ordersInSlice, count - stored);
    const outcomes: Promise<SubmitOutcome>[] = [];
    for (let n = 0; n < slice; n++) {
      if (n % ordersBetweenYields === 0) await setImmediate();
      outcomes.push(submitted(intake, encodeNewOrder(demoOrder(stored + n))));
    }
    for (const outcome of await Promise.all(outcomes)) if (outcome.kind === "failed") throw outcome.error;
    stored += slice;
    if (stored % ordersBetweenReports === 0 || stored === count) onProgress?.(stored);
  }
}

/** Returns the demonstration order number `n`, counted from 0. It is always the same. */
export function demoOrder(n: number): Order {
  const invoice = Math.floor(n / linesOfInvoice);
  const shared = xoroshiro128plus(invoice + 1);
  const customer = customers[uniformInt(shared, 0, customers.length - 1)] ?? customers[0];
  const secondsLater = uniformInt(shared, 0, secondsBetweenInvoices - 1);
  const isCancellation = uniformInt(shared, 1, 50) === 1;
  const own = xoroshiro128plus(-n - 1);
  const thing = things[uniformInt(own, 0, things.length - 1)] ?? things[0];
  const quantity = uniformInt(own, 1, 12) * (uniformInt(own, 1, 10) === 1 ? 12 : 1);
  const cents = thing.cents;
  return create(OrderSchema, {
    key: keyOf(n),
    orderNumber: `${isCancellation ? "C" : ""}${firstInvoice + invoice}`,
    productCode: thing.code,
    description: thing.name,
    quantity: isCancellation ? -quantity : quantity,
    unitPrice: {
      currencyCode: customer.currency,
      units: BigInt(Math.floor(cents / 100)),
      nanos: (cents % 100) * 10_000_000,
    },
    ...(customer.id !== "" && { customerId: customer.id }),
    country: customer.country,
    placedAt: { seconds: BigInt(firstSecond + invoice * secondsBetweenInvoices + secondsLater) },
  });
}

/** Returns the number of demonstration orders in the store. They are stored in their order, so it is a binary search. */
function storedOf(store: OrderStore, count: number): number {
  let stored = 0;
  for (let missing = count; stored < missing; ) {
    const middle = Math.floor((stored + missing) / 2);
    if (store.hasKey(keyOf(middle))) stored = middle + 1;
    else missing = middle;
  }
  return stored;
}

async function submitted(intake: OrderIntake, order: NewOrder): Promise<SubmitOutcome> {
  const { promise, resolve } = Promise.withResolvers<SubmitOutcome>();
  await intake.submit({ ...order, settle: resolve });
  return promise;
}

function keyOf(n: number): string {
  return `demo/${n + 1}`;
}

/** Each slice waits for its commit, so that the orders of clients are committed in between. */
const ordersInSlice = 1_000;

/** About half a millisecond of work. */
const ordersBetweenYields = 32;

const ordersBetweenReports = 50_000;

const linesOfInvoice = 8;
const firstInvoice = 100_001;

/** 2026-01-05T08:00:00Z. */
const firstSecond = 1_767_600_000;
const secondsBetweenInvoices = 600;
