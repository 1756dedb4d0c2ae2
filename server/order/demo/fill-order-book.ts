import type { Logger } from "pino";
import type { Timers } from "../../../client/shared/timers.ts";
import { RepeatedProblem } from "../../logging/repeated-problem.ts";
import { StoreFullError, StoreReadOnlyError } from "../../storage/storage-errors.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import { type DemoOrdersOptions, makeDemoOrders, wantsDemoOrders } from "./demo-orders.ts";

interface OrderBookOptions extends Omit<DemoOrdersOptions, "onProgress"> {
  readonly log: Logger;
  readonly timers: Timers;
}

/** How long the first wait for a store that is full is, in milliseconds, and the longest: each is twice the one before. */
const waitMs = { first: 1_000, max: 60_000 } as const;

/**
 * Makes the demonstration orders where they are wanted, and waits for room where the store is full. Logs what it does
 * and why it fails; never rejects.
 */
export async function fillOrderBook({ log, timers, ...book }: OrderBookOptions): Promise<void> {
  if (!wantsDemoOrders(book)) return;
  const { count, signal } = book;
  const began = performance.now();
  const problem = new RepeatedProblem({
    onReport: ({ error, ...line }) =>
      log.error({ err: error, ...line }, "the demonstration orders wait for room in the store"),
    onResolved: ({ seconds }) => log.info({ seconds }, "the store has room for the demonstration orders"),
    now: () => timers.now(),
  });
  for (let wait: number = waitMs.first; !signal.aborted; wait = Math.min(2 * wait, waitMs.max)) {
    try {
      await makeDemoOrders({
        ...book,
        onProgress: (stored) => log.info({ stored, of: count }, "making demonstration orders"),
      });
      problem.resolve();
      break;
    } catch (error) {
      if (error instanceof StoreReadOnlyError) return; // which the store itself has reported
      if (!(error instanceof StoreFullError || error instanceof LimitError)) {
        log.error({ err: error }, "the demonstration orders are not complete: the next start continues them");
        return;
      }
      problem.report(error);
      await delay(wait, timers, signal);
    }
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  if (!signal.aborted) log.info({ orders: count, seconds }, "filled the empty order book with demonstration orders");
}

/** Resolves after so many milliseconds, or when the signal aborts. */
async function delay(millis: number, timers: Timers, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = timers.after(millis, resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  stop();
}
