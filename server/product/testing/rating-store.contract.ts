import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RatingStore } from "../rating/rating-store.ts";

/** Products that a store under test has: two that can be rated, and one that was deleted. */
export interface RatedProducts {
  readonly first: string;
  readonly second: string;
  readonly deleted: string;
}

/** What every store of ratings promises, as tests. `open` gives a store of its own, without ratings, to each. */
export function ratingStoreContract(
  open: () => Promise<{ ratings: RatingStore; products: RatedProducts } & AsyncDisposable>,
): void {
  describe("a store of ratings", () => {
    test("answers each score with all of the product's, this one included", async () => {
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

    test("counts nothing for a product that is none, or was deleted", async () => {
      await using opened = await open();
      const nobody = "00000000-0000-4000-8000-000000000000";
      for (const productId of [nobody, opened.products.deleted]) {
        expect(await opened.ratings.add({ productId, millionths: 1n })).toBeUndefined();
        expect(await opened.ratings.get(productId)).toEqual({ count: 0n, millionths: 0n });
      }
    });

    test("adds exactly, however many scores come at once, each seeing those before it", {
      timeout: 60_000,
    }, async () => {
      await using opened = await open();
      const { ratings, products } = opened;
      let [count, sum] = [0n, 0n];
      const scores = fc.array(fc.bigInt({ min: 1_000_000n, max: 10_000_000n }), { minLength: 1, maxLength: 200 });
      await fc.assert(
        fc.asyncProperty(scores, async (all) => {
          const answers = await Promise.all(
            all.map((millionths) => ratings.add({ productId: products.first, millionths })),
          );
          for (const [index, millionths] of all.entries()) {
            [count, sum] = [count + 1n, sum + millionths];
            expect(answers[index]).toEqual({ count, millionths: sum });
          }
        }),
        { numRuns: 20 },
      );
      expect(await ratings.get(products.first)).toEqual({ count, millionths: sum });
    });
  });
}
