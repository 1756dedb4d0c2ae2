import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { MemoryUnit, type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { memoryToBits } from "../search/memory-to-bits.ts";
import type { ProductCriteria } from "../search/product-criteria.ts";
import type { Relevance } from "../search/text-index.ts";

/** Generates products with few distinct terms, prices and sizes, so that most conditions match some of them. */
export const someProducts: fc.Arbitrary<Product[]> = fc
  .array(
    fc.record({
      name: phrase(1),
      description: phrase(0),
      price: fc.option(fc.record({ currencyCode: currency(), units: smallBigInt(), nanos: nanos() }), {
        nil: undefined,
      }),
      laptop: fc.option(
        fc.record({
          brand: fc.constantFrom("", "Kestrel", "KESTREL", "Ümlaut"),
          cpu: fc.option(
            fc.record({ name: phrase(0), coreCount: fc.nat({ max: 3 }), minGhz: fc.constantFrom(0, 1.5, 2) }),
            { nil: undefined },
          ),
          ram: fc.option(fc.record({ value: smallBigInt(), unit: unit() }), { nil: undefined }),
        }),
        { nil: undefined },
      ),
    }),
    { maxLength: 30 },
  )
  .map((all) =>
    all.map(({ laptop, ...fields }, n) =>
      create(ProductSchema, {
        ...fields,
        id: `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
        ...(laptop && { attributes: { case: "laptop", value: laptop } }),
      }),
    ),
  );

/** Generates criteria for {@link someProducts}. */
export const someCriteria: fc.Arbitrary<ProductCriteria> = fc
  .record(
    {
      terms: fc.array(
        term().chain((all) => fc.integer({ min: 1, max: all.length }).map((n) => all.slice(0, n))),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
      price: fc.record({ currency: currency(), min: amount(), max: amount() }, { requiredKeys: ["currency"] }),
      brand: fc.constantFrom("kestrel", "ümlaut", "unknown"),
      minCoreCount: fc.integer({ min: 1, max: 3 }),
      minGhz: fc.constantFrom(1.5, 1.75, 2),
      minRamBits: fc.tuple(smallBigInt(), unit()).map(([value, of]) => memoryToBits({ value, unit: of }) ?? 0n),
    },
    { requiredKeys: [] },
  )
  .chain((conditions) => {
    const orders: ProductCriteria["order"][] = ["created-ascending", "created-descending"];
    if (conditions.terms !== undefined) orders.push("relevance", "relevance");
    if (conditions.price !== undefined) orders.push("price-ascending", "price-descending");
    return fc.constantFrom(...orders).map((order) => ({ ...conditions, order }));
  });

/** The reference model of a search: filters and sorts all products in memory. */
export function searchModel(
  products: readonly Product[],
  criteria: ProductCriteria,
): { product: Product; relevance?: Relevance }[] {
  const found = products
    .filter((product) => product.deleteTime === undefined && meets(product, criteria))
    .map((product) => ({ product, relevance: criteria.terms && relevanceOf(product, criteria.terms) }))
    .filter(({ relevance }) => criteria.terms === undefined || relevance !== undefined);
  const price = ({ product }: (typeof found)[number]) => totalNanos(product.price ?? { units: 0n, nanos: 0 });
  switch (criteria.order) {
    case "created-ascending":
      return found.map(({ product }) => ({ product }));
    case "created-descending":
      return found.toReversed().map(({ product }) => ({ product }));
    case "relevance":
      return found
        .toSorted((a, b) => (b.relevance ?? 0) - (a.relevance ?? 0))
        .map(({ product, relevance }) => ({ product, ...(relevance && { relevance }) }));
    case "price-ascending":
      return found.toSorted((a, b) => Number(price(a) - price(b))).map(({ product }) => ({ product }));
    case "price-descending":
      return found
        .toSorted((a, b) => Number(price(a) - price(b)))
        .toReversed()
        .map(({ product }) => ({ product }));
  }
}

function meets(product: Product, criteria: ProductCriteria): boolean {
  const { price, brand, minCoreCount, minGhz, minRamBits } = criteria;
  const laptop = product.attributes.value;
  const cost = product.price && totalNanos(product.price);
  if (price && product.price?.currencyCode !== price.currency) return false;
  if (price?.min && (cost === undefined || cost < totalNanos(price.min))) return false;
  if (price?.max && (cost === undefined || cost > totalNanos(price.max))) return false;
  if (brand !== undefined && laptop?.brand.toLowerCase() !== brand) return false;
  if (minCoreCount !== undefined && (laptop?.cpu?.coreCount ?? 0) < minCoreCount) return false;
  if (minGhz !== undefined && (laptop?.cpu?.minGhz ?? 0) < minGhz) return false;
  if (minRamBits === undefined) return true;
  const bits = laptop?.ram && memoryToBits(laptop.ram);
  return bits !== undefined && bits >= minRamBits;
}

function relevanceOf({ name, description, attributes }: Product, terms: readonly string[]): Relevance | undefined {
  const [nameTerms, wanted] = [termsOf(name), terms.map((each) => each.toLowerCase())];
  const maker = termsOf(`${attributes.value?.brand ?? ""} ${attributes.value?.cpu?.name ?? ""}`);
  const allBegin = (among: string[]) => wanted.every((each) => among.some((it) => it.startsWith(each)));
  const last = wanted.length - 1;
  if (wanted.every((each, n) => (n === last ? nameTerms[n]?.startsWith(each) : nameTerms[n] === each))) return 1;
  if (wanted.every((each) => nameTerms.includes(each))) return 0.8;
  if (allBegin(nameTerms)) return 0.6;
  if (allBegin([...nameTerms, ...maker])) return 0.4;
  if (allBegin([...nameTerms, ...maker, ...termsOf(description)])) return 0.2;
  return undefined;
}

function termsOf(text: string): string[] {
  const withoutAccents = text.normalize("NFD").replaceAll(/\p{M}/gu, "");
  return withoutAccents.toLowerCase().split(" ").filter(Boolean);
}

function totalNanos({ units, nanos: rest }: { units: bigint; nanos: number | bigint }): bigint {
  return units * 1_000_000_000n + BigInt(rest);
}

function term(): fc.Arbitrary<string> {
  return fc.constantFrom("air", "airborne", "Kestrel", "kite", "U5", "13");
}

function phrase(minLength: number): fc.Arbitrary<string> {
  return fc.array(term(), { minLength, maxLength: 4 }).map((terms) => terms.join(" "));
}

function currency(): fc.Arbitrary<string> {
  return fc.constantFrom("EUR", "USD");
}

function smallBigInt(): fc.Arbitrary<bigint> {
  return fc.oneof(fc.bigInt({ min: 0n, max: 4n }), fc.constant(2n ** 63n - 1n));
}

function nanos(): fc.Arbitrary<number> {
  return fc.constantFrom(0, 1, 999_999_999);
}

function amount(): fc.Arbitrary<{ units: bigint; nanos: bigint }> {
  return fc.record({ units: smallBigInt(), nanos: nanos().map(BigInt) });
}

function unit(): fc.Arbitrary<MemoryUnit> {
  return fc.constantFrom(MemoryUnit.BIT, MemoryUnit.BYTE, MemoryUnit.GIGABYTE, MemoryUnit.TERABYTE);
}
