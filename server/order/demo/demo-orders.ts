import { setImmediate } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { type Order, OrderSchema } from "../../../gen/bourse/order/v1/order_pb.ts";
import type { OrderStore } from "../store/order-store.ts";
import { type NewOrder, newOrder } from "../submit/new-order.ts";
import type { OrderIntake, SubmitOutcome } from "../submit/order-intake.ts";
import { customers, things } from "./shop.ts";

/** What it takes to fill an order book. */
export interface DemoOrdersOptions {
  readonly store: OrderStore;
  readonly intake: OrderIntake;
  /** How many orders there are to be. */
  readonly count: number;
  readonly signal: AbortSignal;
  /** Told now and then how many there are. */
  readonly onProgress?: (stored: number) => void;
}

/** Whether the order book is empty, or has a demonstration that is not complete. */
export function wantsDemoOrders({ store, count }: Pick<DemoOrdersOptions, "store" | "count">): boolean {
  if (count === 0) return false;
  return store.newest === 0 || (store.hasKey(keyOf(0)) && !store.hasKey(keyOf(count - 1)));
}

/**
 * Fills the order book with a demonstration, in slices that leave the event loop free for others, and goes on where an
 * earlier run stopped. Ends early, without an error, where the signal aborts. Rejects where the store does.
 */
export async function makeDemoOrders({ store, intake, count, signal, onProgress }: DemoOrdersOptions): Promise<void> {
  let stored = storedOf(store, count);
  while (stored < count && !signal.aborted) {
    const slice = Math.min(ordersInSlice, count - stored);
    const outcomes: Promise<SubmitOutcome>[] = [];
    for (let n = 0; n < slice; n++) {
      if (n % ordersBetweenTurns === 0) await setImmediate();
      outcomes.push(submitted(intake, newOrder(demoOrder(stored + n))));
    }
    for (const outcome of await Promise.all(outcomes)) if (outcome.kind === "failed") throw outcome.error;
    stored += slice;
    if (stored % ordersBetweenReports === 0 || stored === count) onProgress?.(stored);
  }
}

/** The order of a place in the demonstration, counted from 0: always the same. */
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

/** How many there are, from the first on without a gap: they are stored in their order. */
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

/** Each waits for a commit, so that orders of clients come between. */
const ordersInSlice = 1_000;

/** About half a millisecond of work. */
const ordersBetweenTurns = 32;

const ordersBetweenReports = 50_000;

const linesOfInvoice = 8;
const firstInvoice = 100_001;

/** From 2026-01-05T08:00:00Z. */
const firstSecond = 1_767_600_000;
const secondsBetweenInvoices = 600;
