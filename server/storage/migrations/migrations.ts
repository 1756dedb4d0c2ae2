import type { Migration } from "kysely/migration";
import { createProducts } from "./0001-create-products.ts";
import { createCandles } from "./0002-create-candles.ts";
import { createUploads } from "./0005-create-uploads.ts";

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
  "0005-create-uploads": createUploads,
};
