import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RatingStore } from "../rating/rating-store.ts";

/** The ids of the products in the store under test: two that can be rated, and a deleted one. */
export interface RatedProducts {
  readonly first: string;
  readonly second: string;
  readonly deleted: string;
}

/** Tests the contract of {@link RatingStore}. `open` returns a new store without ratings for each test. */
export function ratingStoreContract(
  open: () => Promise<{ ratings: RatingStore; products: RatedProducts } & AsyncDisposable>,
): void {
  describe("a rating store", () => {
    test("returns the sum of all scores of the product, including the new one", async () => {
      await using opened = await open();
      const { ratings, products } = opened;
      expect(await ratings.add({ productId: products.first, millionths: 7_500_000n })).toEqual({
        count: 1n,
        millionths: 7_500_000n,
      });
      expect(await ratings.add({ productId: products.second, millionths: 1_000_000n })).toMatchObject({ count: 1n });
      expect(await ratings.add({ productId: products.first, millionths: 2n })).toEqual({
        count: 2n,
        millionths: 7_500_002n,
      });
      expect(await ratings.get(products.first)).toEqual({ count: 2n, millionths: 7_500_002n });
    });

    test("stores nothing for a product that does not exist or is deleted", async () => {
      await using opened = await open();
      const unknownId = "00000000-0000-4000-8000-000000000000";
      for (const productId of [unknownId, opened.products.deleted]) {
        expect(await opened.ratings.add({ productId, millionths: 1n })).toBeUndefined();
        expect(await opened.ratings.get(productId)).toEqual({ count: 0n, millionths: 0n });
      }
    });

    test("adds concurrent scores exactly, in the order of the calls", {
      timeout: 60_000,
    }, async () => {
      await using opened = await open();
      const { ratings, products } = opened;
      let [count, sum] = [0n, 0n];
      const scores = fc.array(fc.bigInt({ min: 1_000_000n, max: 10_000_000n }), { minLength: 1, maxLength: 200 });
      await fc.assert(
        fc.asyncProperty(scores, async (all) => {
          const sums = await Promise.all(
            all.map((millionths) => ratings.add({ productId: products.first, millionths })),
          );
          for (const [index, millionths] of all.entries()) {
            [count, sum] = [count + 1n, sum + millionths];
            expect(sums[index]).toEqual({ count, millionths: sum });
          }
        }),
        { numRuns: 20 },
      );
      expect(await ratings.get(products.first)).toEqual({ count, millionths: sum });
    });
  });
}
