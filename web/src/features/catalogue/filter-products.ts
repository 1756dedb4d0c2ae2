import type { Product } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { laptopSummary } from "./laptop-summary.ts";

/** More rows than this make a browser slow; a filter finds the others. */
export const maxRows = 1_000;

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

/** The products that have every word of a text in their name, kind, brand, summary or description, in any case. */
export function filterProducts(products: readonly Product[], text: string): readonly Product[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return products;
  return products.filter((product) => {
    const content = contentOf(product);
    return words.every((word) => content.includes(word));
  });
}

const contents = new WeakMap<Product, string>();

function contentOf(product: Product): string {
  const known = contents.get(product);
  if (known !== undefined) return known;
  const { name, description, attributes } = product;
  const brand = attributes.case === "laptop" ? attributes.value.brand : "";
  const made = [name, kindOf(product), brand, summaryOf(product), description].join("\n").toLowerCase();
  contents.set(product, made);
  return made;
}
