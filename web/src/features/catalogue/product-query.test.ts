import { expect, test } from "vitest";
import { MemoryUnit } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { SearchOrder } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import {
  addOpenProduct,
  allProducts,
  formatProductQuery,
  isSearch,
  parseOpenProduct,
  parseProductQuery,
  parseSearch,
} from "./product-query.ts";

test("a query is converted to a request exactly", () => {
  const search = parseSearch({
    q: " gaming laptop ",
    brand: "Razer",
    min: "999.99",
    max: "2000",
    currency: "usd",
    cores: "8",
    ghz: "2.5",
    ram: "16",
    unit: "GB",
    order: "cheapest",
  });
  expect(search).toMatchObject({
    query: "gaming laptop",
    brand: "Razer",
    price: {
      min: { currencyCode: "USD", units: 999n, nanos: 990_000_000 },
      max: { currencyCode: "USD", units: 2_000n, nanos: 0 },
    },
    minCoreCount: 8,
    minGhz: 2.5,
    minRam: { value: 16n, unit: MemoryUnit.GIGABYTE },
    order: SearchOrder.PRICE_ASCENDING,
  });
});

test("an empty query selects all products, also with a currency", () => {
  const search = parseSearch({ ...allProducts, currency: "EUR" });
  expect(search).toMatchObject({ query: "", brand: "", minCoreCount: 0, minGhz: 0, order: SearchOrder.UNSPECIFIED });
  for (const field of ["price", "minRam"]) expect(search).not.toHaveProperty(field);
});

test("sorting by price selects all prices of the currency", () => {
  const search = parseSearch({ ...allProducts, currency: "EUR", order: "dearest" });
  expect(search).toMatchObject({ price: { min: { currencyCode: "EUR", units: 0n, nanos: 0 } } });
});

test("a maximum price alone has no minimum", () => {
  const search = parseSearch({ ...allProducts, max: "10" });
  expect(search).toMatchObject({ price: { max: { currencyCode: "USD", units: 10n, nanos: 0 } } });
  expect(isSearch(search) && search.price).not.toHaveProperty("min");
});

test("every invalid field has an error message", () => {
  expect(
    parseSearch({ ...allProducts, min: "cheap", currency: "dollars", cores: "8.5", ghz: "fast", ram: "-1" }),
  ).toEqual({
    min: "Enter an amount such as 999.99.",
    currency: "Enter three letters such as USD.",
    cores: "Enter a whole number such as 8.",
    ghz: "Enter a number such as 2.5.",
    ram: "Enter a whole number such as 8.",
  });
  expect(parseSearch({ ...allProducts, min: "10.01", max: "10" })).toEqual({
    max: "Must not be less than “Price from”.",
  });
  expect(parseSearch({ ...allProducts, order: "random" })).toEqual({ order: "Unknown sort order" });
});

test("an address stores the query", () => {
  const query = { ...allProducts, q: "été & co", ram: "512", unit: "MB", order: "newest" };
  expect(parseProductQuery(formatProductQuery(query))).toEqual(query);
  expect(formatProductQuery(allProducts)).toBe("");
});

test("an address stores the open product with the query", () => {
  const address = addOpenProduct(formatProductQuery({ ...allProducts, q: "lamp" }), "1-2");
  expect(address).toBe("?q=lamp&product=1-2");
  expect(parseOpenProduct(address)).toBe("1-2");
  expect(parseProductQuery(address)).toEqual({ ...allProducts, q: "lamp" });
  expect(parseOpenProduct(addOpenProduct("?q=lamp", undefined))).toBeUndefined();
});
