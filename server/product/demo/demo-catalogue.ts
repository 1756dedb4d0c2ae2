import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { parse } from "csv-parse/sync";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { createProduct } from "../create-product-revision.ts";
import type { ProductStore } from "../store/product-store.ts";
import { demoLaptops } from "./demo-laptops.ts";

/** Adds the demo catalogue to a store that never had a product. Resolves to the number of added products. */
export async function seedDemoCatalogue(store: ProductStore, now: Timestamp): Promise<number> {
  return store.seed(demoCatalogue(now));
}

/** Returns the about 200 products of the demo catalogue, laptops first. Their ids are the same on every server. */
export function demoCatalogue(now: Timestamp): Product[] {
  return [...demoLaptops(), ...readGoods()].map((fields) => {
    const draft = create(ProductSchema, fields);
    return createProduct(draft, { id: deriveUuid(draft.name), now });
  });
}

/** Derives a UUID of version 8 from a name: https://www.rfc-editor.org/rfc/rfc9562#section-5.8. */
function deriveUuid(name: string): string {
  const digits = hash("sha256", `bourse demo product: ${name}`, "hex");
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`];
  return [...parts, digits.slice(20, 32)].join("-");
}

/** A row of goods.csv. */
interface GoodsRow {
  name: string;
  /** In US dollars; empty if unknown. */
  price: string;
  description: string;
}

/** Reads the products that are not laptops. */
function readGoods(): MessageInitShape<typeof ProductSchema>[] {
  const rows: GoodsRow[] = parse(readFileSync(new URL("goods.csv", import.meta.url)), { columns: true });
  return rows.map(({ name, price, description }) => ({
    name,
    description,
    ...(price && { price: parsePrice(price) }),
  }));
}

// Converts decimal digits, not a number, so that nothing is rounded.
function parsePrice(price: string) {
  const [units = "", cents = ""] = price.split(".");
  return { currencyCode: "USD", units: BigInt(units), nanos: Number(cents.padEnd(9, "0")) };
}
