import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Timers } from "../../client/shared/timers.ts";
import type { ClassicConfig } from "../config/config.ts";
import type { OpenOrders } from "../order/open-order-family.ts";
import type { Catalogue } from "../product/catalogue.ts";
import type { OpenQuotes } from "../quote/open-quote-family.ts";
import type { OpenUploads } from "../upload/open-upload-family.ts";
import type { ClassicOptions } from "./classic-routes.ts";
import { createMessageDelay } from "./message-delay.ts";

export interface OpenClassicOptions {
  readonly settings: ClassicConfig;
  readonly catalogue: Catalogue;
  readonly orders: Pick<OpenOrders, "store" | "exports">;
  readonly quotes: Pick<OpenQuotes, "hub">;
  readonly uploads: Pick<OpenUploads, "uploads" | "idleTimeoutMs">;
  readonly timers: Timers;
  readonly log: Logger;
}

/** Returns the dependencies of the tutorial services, which use the other families. */
export function openClassic(options: OpenClassicOptions): ClassicOptions {
  const { settings, catalogue, orders, quotes, uploads, timers, log } = options;
  return {
    catalogue,
    orders: orders.store,
    exports: orders.exports,
    hub: quotes.hub,
    uploads: uploads.uploads,
    idleTimeoutMs: uploads.idleTimeoutMs,
    maxImageBytes: settings.maxImageBytes,
    newId: randomUUID,
    messageDelay: createMessageDelay(settings.intervalMs, timers),
    log,
  };
}
