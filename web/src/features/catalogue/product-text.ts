import type { Product } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { laptopSummary } from "./laptop-summary.ts";

/** What a product is, in a word. */
export function kindOf(product: Product): string {
  switch (product.attributes.case) {
    case "laptop":
      return "Laptop";
    case undefined:
      return "Other";
  }
}

/** What there is to say of a product in a line. */
export function summaryOf(product: Product): string {
  switch (product.attributes.case) {
    case "laptop":
      return laptopSummary(product.attributes.value);
    case undefined:
      return product.description;
  }
}
