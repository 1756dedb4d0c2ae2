import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductCriteria } from "../search/product-criteria.ts";
import type { FoundProduct, ProductFinder, SearchPosition } from "../search/product-finder.ts";
import type { ProductStore } from "../store/product-store.ts";
import { searchModel, someCriteria, someProducts } from "./search-model.ts";

/** A finder and the store that it searches. */
export interface OpenedFinder extends AsyncDisposable {
  readonly finder: ProductFinder;
  readonly store: ProductStore;
}

/** Tests the contract of {@link ProductFinder}. `open` returns a new finder without products for each test. */
export function productFinderContract(open: () => Promise<OpenedFinder>): void {
  describe("a product finder", () => {
    test("finds the same products as the model, and resumes after each of them", { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(someProducts, fc.array(someCriteria, { maxLength: 8 }), async (products, selections) => {
          await using opened = await open();
          await opened.store.seed(products);
          for (const criteria of selections) {
            const expected = searchModel(products, criteria);
            const found = await Array.fromAsync(all(opened.finder.find(criteria)));
            expect(found.map(({ position: _, ...rest }) => rest)).toEqual(expected);
            for (const [index, { position }] of found.entries()) {
              expect(await Array.fromAsync(all(opened.finder.find(criteria, position)))).toEqual(
                found.slice(index + 1),
              );
            }
          }
        }),
        { numRuns: 25 },
      );
    });

    test.each<ProductCriteria>([
      { order: "created-ascending" },
      { order: "created-descending" },
      { order: "created-ascending", minCoreCount: 4 },
      { order: "price-ascending", price: { currency: "EUR" } },
      { order: "price-descending", price: { currency: "EUR" }, terms: ["lap"] },
      { order: "relevance", terms: ["laptop"], brand: "kestrel" },
      { order: "created-descending", terms: ["laptop"] },
    ])("finds thousands of products in pages of at most 100: %j", async (criteria) => {
      await using opened = await openWith(open, 1_200);
      const numbers: number[] = [];
      for await (const page of opened.finder.find(criteria)) {
        expect(page.length).toBeGreaterThan(0);
        expect(page.length).toBeLessThanOrEqual(100);
        numbers.push(...page.map(({ product }) => numberOf(product)));
      }
      const isDescending = criteria.order === "created-descending" || criteria.order === "price-descending";
      const expected = Array.from({ length: 1_200 }, (_, n) => n);
      expect(numbers).toEqual(isDescending ? expected.toReversed() : expected);
    });

    test.each(["price-ascending", "price-descending"] as const)(
      "finds each of thousands of products with the same price once: %s",
      async (order) => {
        await using opened = await open();
        const samePrice = Array.from({ length: 1_700 }, (_, n) => ({ ...laptop(n), price: euros(n < 100 ? 4n : 5n) }));
        await opened.store.seed(samePrice);
        const found = await Array.fromAsync(all(opened.finder.find({ order, price: { currency: "EUR" } })));
        const expected = samePrice.map(numberOf);
        expect(found.map(({ product }) => numberOf(product))).toEqual(
          order === "price-ascending" ? expected : expected.toReversed(),
        );
      },
    );

    test.each<ProductCriteria>([
      { order: "created-descending" },
      { order: "relevance", terms: ["laptop"] },
      { order: "price-ascending", price: { currency: "EUR" } },
    ])("finds each unchanged product once during concurrent changes: %j", async (criteria) => {
      await using opened = await openWith(open, 700);
      const seen = new Map<number, number>();
      let created = 10_000;
      for await (const page of opened.finder.find(criteria)) {
        for (const { product } of page) seen.set(numberOf(product), (seen.get(numberOf(product)) ?? 0) + 1);
        await opened.store.create(laptop(created++));
        for (const n of [0, 350, 699]) {
          await opened.store.update(laptop(n).id, (current) => ({ ...current, price: euros(BigInt(created)) }));
        }
        for (const n of [1, 340, 690]) await opened.store.update(laptop(n).id, deleted).catch(() => {});
      }
      const unchanged = Array.from({ length: 700 }, (_, n) => n).filter((n) => ![0, 350, 699, 1, 340, 690].includes(n));
      for (const n of unchanged) expect(seen.get(n)).toBe(1);
      for (const n of seen.keys()) expect(n).toBeLessThan(10_000);
    });

    test("finds the current revision of a product if it still meets the conditions", async () => {
      await using opened = await openWith(open, 300);
      const criteria: ProductCriteria = { order: "relevance", terms: ["laptop"], price: { currency: "EUR" } };
      const found: FoundProduct[] = [];
      for await (const page of opened.finder.find(criteria)) {
        if (found.length === 0) {
          const change = (n: number, fields: Partial<Product>) =>
            opened.store.update(laptop(n).id, (current) => ({ ...current, ...fields }));
          await change(290, { name: "Tablet" });
          await change(291, { price: { ...euros(1n), currencyCode: "USD" } });
          await change(292, { description: "as good as new" });
          await opened.store.update(laptop(293).id, deleted);
        }
        found.push(...page);
      }
      const names = new Map(found.map(({ product }) => [product.id, product]));
      for (const n of [290, 291, 293]) expect(names.has(laptop(n).id)).toBe(false);
      expect(names.get(laptop(292).id)).toMatchObject({ description: "as good as new" });
      expect(found).toHaveLength(297);
    });

    test("a resumed search ignores products that were created meanwhile", async () => {
      await using opened = await openWith(open, 10);
      const criteria: ProductCriteria = { order: "relevance", terms: ["laptop"] };
      const [first] = await Array.fromAsync(all(opened.finder.find(criteria)));
      await opened.store.create(laptop(11));
      expect(await Array.fromAsync(all(opened.finder.find(criteria, first?.position)))).toHaveLength(9);
      expect(await Array.fromAsync(all(opened.finder.find(criteria)))).toHaveLength(11);
    });

    test("throws the reason of the signal, also if nothing is found", async () => {
      await using opened = await openWith(open, 1_200);
      for (const criteria of [
        { order: "created-ascending" },
        { order: "created-ascending", brand: "unknown" },
      ] as const) {
        const controller = new AbortController();
        setImmediate(() => controller.abort(new Error("cancelled")));
        const reading = Array.fromAsync(all(opened.finder.find(criteria, undefined, controller.signal)));
        await expect(reading).rejects.toThrow("cancelled");
      }
    });

    test("finds nothing in an empty store", async () => {
      await using opened = await open();
      const position: SearchPosition = { maxSequence: 0n, sequence: 0n };
      for (const order of ["created-ascending", "created-descending"] as const) {
        expect(await Array.fromAsync(opened.finder.find({ order }))).toEqual([]);
        expect(await Array.fromAsync(opened.finder.find({ order }, position))).toEqual([]);
      }
    });
  });
}

const deleted = (current: Product): Product => ({ ...current, deleteTime: timestampFromMs(1_790_000_000_000) });

function euros(units: bigint) {
  return create(ProductSchema, { price: { currencyCode: "EUR", units } }).price as NonNullable<Product["price"]>;
}

function laptop(n: number): Product {
  return create(ProductSchema, {
    id: `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
    name: `Laptop ${n}`,
    price: euros(BigInt(n)),
    attributes: { case: "laptop", value: { brand: "Kestrel", cpu: { coreCount: 8 } } },
  });
}

function numberOf({ id }: Product): number {
  return Number.parseInt(id.slice(-12), 16);
}

async function openWith(open: () => Promise<OpenedFinder>, count: number): Promise<OpenedFinder> {
  const opened = await open();
  await opened.store.seed(Array.from({ length: count }, (_, n) => laptop(n)));
  return opened;
}

async function* all<T>(pages: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const page of pages) yield* page;
}
