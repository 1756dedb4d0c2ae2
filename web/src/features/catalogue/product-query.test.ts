import { expect, test } from "vitest";
import { MemoryUnit } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { SearchOrder } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import {
  allProducts,
  formatProductQuery,
  isSearch,
  openProductIn,
  parseProductQuery,
  searchOf,
  withOpenProduct,
} from "./product-query.ts";

test("a form becomes a search, exactly", () => {
  const search = searchOf({
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

test("an empty form asks for everything, and a currency alone is no condition", () => {
  const search = searchOf({ ...allProducts, currency: "EUR" });
  expect(search).toMatchObject({ query: "", brand: "", minCoreCount: 0, minGhz: 0, order: SearchOrder.UNSPECIFIED });
  for (const field of ["price", "minRam"]) expect(search).not.toHaveProperty(field);
});

test("an order by price asks for all prices of the currency", () => {
  const search = searchOf({ ...allProducts, currency: "EUR", order: "dearest" });
  expect(search).toMatchObject({ price: { min: { currencyCode: "EUR", units: 0n, nanos: 0 } } });
});

test("a highest price alone has no lowest one", () => {
  const search = searchOf({ ...allProducts, max: "10" });
  expect(search).toMatchObject({ price: { max: { currencyCode: "USD", units: 10n, nanos: 0 } } });
  expect(isSearch(search) && search.price).not.toHaveProperty("min");
});

test("what is wrong is told by its field, and all of it at once", () => {
  expect(searchOf({ ...allProducts, min: "cheap", currency: "dollars", cores: "8.5", ghz: "fast", ram: "-1" })).toEqual(
    {
      min: "An amount, as in 999.99.",
      currency: "Three letters, as in USD.",
      cores: "A whole number, as in 8.",
      ghz: "A number, as in 2.5.",
      ram: "A whole number, as in 8.",
    },
  );
  expect(searchOf({ ...allProducts, min: "10.01", max: "10" })).toEqual({
    max: "This must not be below the lowest price.",
  });
  expect(searchOf({ ...allProducts, order: "random" })).toEqual({ order: "There is no such order." });
});

test("an address keeps the query", () => {
  const query = { ...allProducts, q: "été & co", ram: "512", unit: "MB", order: "newest" };
  expect(parseProductQuery(formatProductQuery(query))).toEqual(query);
  expect(formatProductQuery(allProducts)).toBe("");
});

test("an address keeps the product that is open, beside the query", () => {
  const address = withOpenProduct(formatProductQuery({ ...allProducts, q: "lamp" }), "1-2");
  expect(address).toBe("?q=lamp&product=1-2");
  expect(openProductIn(address)).toBe("1-2");
  expect(parseProductQuery(address)).toEqual({ ...allProducts, q: "lamp" });
  expect(openProductIn(withOpenProduct("?q=lamp", undefined))).toBeUndefined();
});
