import type { Migration } from "kysely/migration";
import { createProducts } from "./0001-create-products.ts";
import { createCandles } from "./0002-create-candles.ts";
import { createOrders } from "./0003-create-orders.ts";
import { extendProducts } from "./0004-extend-products.ts";
import { createUploads } from "./0005-create-uploads.ts";
import { addUploadOwners } from "./0006-add-upload-owners.ts";

/** Migrations by name. */
export type Migrations = Readonly<Record<string, Migration>>;

/**
 * Every migration there ever was; they run in the order of their names.
 *
 * A released one is never changed, renamed or removed: databases remember by name what they have been through.
 */
export const migrations: Migrations = {
  "0001-create-products": createProducts,
  "0002-create-candles": createCandles,
  "0003-create-orders": createOrders,
  "0004-extend-products": extendProducts,
  "0005-create-uploads": createUploads,
  "0006-add-upload-owners": addUploadOwners,
};
