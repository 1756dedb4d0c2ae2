import type { Logger } from "pino";
import { type DemoOrdersOptions, makeDemoOrders, wantsDemoOrders } from "./demo-orders.ts";

interface OrderBookOptions extends Omit<DemoOrdersOptions, "onProgress"> {
  readonly log: Logger;
}

/** Makes the demonstration orders where they are wanted. Logs what it does and why it fails; never rejects. */
export async function fillOrderBook({ log, ...book }: OrderBookOptions): Promise<void> {
  if (!wantsDemoOrders(book)) return;
  const { count, signal } = book;
  const began = performance.now();
  try {
    await makeDemoOrders({
      ...book,
      onProgress: (stored) => log.info({ stored, of: count }, "making demonstration orders"),
    });
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    if (!signal.aborted) log.info({ orders: count, seconds }, "filled the empty order book with demonstration orders");
  } catch (error) {
    log.error({ err: error }, "the demonstration orders are not complete: the next start goes on with them");
  }
}
