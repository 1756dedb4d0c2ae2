import { readFileSync } from "node:fs";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { parse } from "csv-parse/sync";
import type { ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";

/** The products of the demo catalogue that are no laptops, from `goods.csv`: names, prices in US dollars, if any. */
export function goods(): MessageInitShape<typeof ProductSchema>[] {
  const rows: Row[] = parse(readFileSync(new URL("goods.csv", import.meta.url)), { columns: true });
  return rows.map(({ name, price, description }) => ({ name, description, ...(price && { price: usDollars(price) }) }));
}

interface Row {
  name: string;
  price: string;
  description: string;
}

// From the decimal digits, not through a number: nothing is rounded.
function usDollars(price: string) {
  const [units = "", cents = ""] = price.split(".");
  return { currencyCode: "USD", units: BigInt(units), nanos: Number(cents.padEnd(9, "0")) };
}
