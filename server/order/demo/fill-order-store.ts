import type { Logger } from "pino";
import type { Timers } from "../../../client/shared/timers.ts";
import { RepeatedProblemLog } from "../../logging/repeated-problem-log.ts";
import { StoreFullError, StoreReadOnlyError } from "../../storage/storage-errors.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import { type DemoOrdersOptions, needsDemoOrders, storeDemoOrders } from "./demo-orders.ts";

interface FillOptions extends Omit<DemoOrdersOptions, "onProgress"> {
  readonly log: Logger;
  readonly timers: Timers;
}

/** The first and the longest delay before a retry if the store is full, in milliseconds. Each delay is twice the last. */
const retryDelayMs = { first: 1_000, max: 60_000 } as const;

/**
 * Stores the demonstration orders if the order store needs them, and retries while the store is full or busy. Logs its
 * progress and its failure; never rejects.
 */
export async function fillOrderStore({ log, timers, ...options }: FillOptions): Promise<void> {
  const { count, signal } = options;
  const began = performance.now();
  const problem = new RepeatedProblemLog({
    onReport: ({ error, ...line }) =>
      log.error({ err: error, ...line }, "the store is full or busy: the demonstration orders are stored later"),
    onResolved: ({ seconds }) => log.info({ seconds }, "storing demonstration orders has resumed, and is complete"),
    now: () => timers.now(),
  });
  let isFirstAttempt = true;
  for (let delayMs: number = retryDelayMs.first; !signal.aborted; delayMs = Math.min(2 * delayMs, retryDelayMs.max)) {
    try {
      if (isFirstAttempt && !needsDemoOrders(options)) return;
      isFirstAttempt = false;
      await storeDemoOrders({
        ...options,
        onProgress: (stored) => log.info({ stored, of: count }, "storing demonstration orders"),
      });
      problem.resolve();
      break;
    } catch (error) {
      if (error instanceof StoreReadOnlyError) return; // the store has logged the failure
      if (!(error instanceof StoreFullError || error instanceof LimitError)) {
        log.error({ err: error }, "the demonstration orders are not complete: the next start continues them");
        return;
      }
      problem.report(error);
      await delay(delayMs, timers, signal);
    }
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  if (!signal.aborted) log.info({ orders: count, seconds }, "filled the empty order store with demonstration orders");
}

/** Resolves after a delay in milliseconds, or when the signal aborts. */
async function delay(millis: number, timers: Timers, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = timers.after(millis, resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  stop();
}
