import { expect, test } from "vitest";
import { RatingProblem } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { type GivenScore, maxScoresAtHand, rateProducts, ratingOf } from "./rate-products.ts";
import type { RatingStore } from "./rating-store.ts";

const lamp = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";

/** Counts the scores of one product; how many were under way at once is told. */
function memoryStore(): RatingStore & { mostAtOnce: number } {
  let [count, millionths, underWay] = [0n, 0n, 0];
  return {
    mostAtOnce: 0,
    async add(score) {
      if (score.productId !== lamp) return undefined;
      [count, millionths] = [count + 1n, millionths + score.millionths];
      const sum = { count, millionths };
      this.mostAtOnce = Math.max(this.mostAtOnce, ++underWay);
      await Promise.resolve();
      underWay--;
      return sum;
    },
    get: async () => ({ count, millionths }),
  };
}

async function* given(scores: readonly (number | GivenScore)[], end?: Error): AsyncGenerator<GivenScore> {
  for (const score of scores) yield typeof score === "number" ? { productId: lamp, score } : score;
  if (end !== undefined) throw end;
}

test("scores are answered in their order, those that came together in one part", async () => {
  const store = memoryStore();
  const parts = await Array.fromAsync(rateProducts(store, given(Array.from({ length: 100 }, (_, n) => 1 + (n % 10)))));
  const answers = parts.flat();
  expect(answers.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, n) => BigInt(n)));
  expect(answers.map(({ result }) => result.value)).toMatchObject(
    Array.from({ length: 100 }, (_, n) => ({ count: BigInt(n + 1) })),
  );
  expect(store.mostAtOnce).toBe(maxScoresAtHand);
  expect(parts.length).toBeLessThan(20);
});

test("what came before the stream broke is answered, and then it breaks", async () => {
  const answers: unknown[] = [];
  const reading = async () => {
    for await (const part of rateProducts(memoryStore(), given([7, 8], new Error("the client went away")))) {
      answers.push(...part);
    }
  };
  await expect(reading()).rejects.toThrow("the client went away");
  expect(answers).toHaveLength(2);
});

test("a refused score is answered in its place with its reason, and counts nothing", async () => {
  const nobody = "00000000-0000-4000-8000-000000000000";
  const scores = [
    7,
    { productId: nobody, score: 5 },
    { productId: "lamp", score: 5 },
    11,
    { productId: lamp.toUpperCase(), score: 8 },
  ];
  const answers = (await Array.fromAsync(rateProducts(memoryStore(), given(scores)))).flat();
  expect(answers.map(({ result }) => result.value)).toMatchObject([
    { count: 1n, average: 7 },
    { problem: RatingProblem.UNKNOWN_PRODUCT, message: `there is no product ${nobody}: check the id` },
    { problem: RatingProblem.MALFORMED_ID },
    { problem: RatingProblem.BAD_SCORE, message: "score must be from 1 to 10, not 11" },
    { count: 2n, average: 7.5 },
  ]);
});

test("an average is the exact sum divided once", () => {
  expect(ratingOf({ count: 0n, millionths: 0n })).toMatchObject({ count: 0n, average: 0 });
  expect(ratingOf({ count: 3n, millionths: 3_300_000n }).average).toBe(1.1);
  // As a running sum of doubles, ten times 1.1 is 10.999999999999998.
  expect(ratingOf({ count: 10n, millionths: 11_000_000n }).average).toBe(1.1);
});
