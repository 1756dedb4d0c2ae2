import { expect, test } from "vitest";
import { RatingProblem } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { averageRating, maxScoresPerBatch, rateProducts, type Score } from "./rate-products.ts";
import type { RatingStore } from "./rating-store.ts";

const lamp = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";

/** Stores the scores of one product, and reports the maximum number of concurrent calls. */
function memoryStore(): RatingStore & { maxConcurrent: number } {
  let [count, millionths, active] = [0n, 0n, 0];
  return {
    maxConcurrent: 0,
    async add(score) {
      if (score.productId !== lamp) return undefined;
      [count, millionths] = [count + 1n, millionths + score.millionths];
      const sum = { count, millionths };
      this.maxConcurrent = Math.max(this.maxConcurrent, ++active);
      await Promise.resolve();
      active--;
      return sum;
    },
    get: async () => ({ count, millionths }),
  };
}

async function* given(scores: readonly (number | Score)[], end?: Error): AsyncGenerator<Score> {
  for (const score of scores) yield typeof score === "number" ? { productId: lamp, score } : score;
  if (end !== undefined) throw end;
}

test("responses are in the order of the scores, in batches of the buffered ones", async () => {
  const store = memoryStore();
  const batches = await Array.fromAsync(
    rateProducts(store, given(Array.from({ length: 100 }, (_, n) => 1 + (n % 10)))),
  );
  const responses = batches.flat();
  expect(responses.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, n) => BigInt(n)));
  expect(responses.map(({ result }) => result.value)).toMatchObject(
    Array.from({ length: 100 }, (_, n) => ({ count: BigInt(n + 1) })),
  );
  expect(store.maxConcurrent).toBe(maxScoresPerBatch);
  expect(batches.length).toBeLessThan(20);
});

test("scores before an error of the stream get a response, then the error is thrown", async () => {
  const responses: unknown[] = [];
  const reading = async () => {
    for await (const batch of rateProducts(memoryStore(), given([7, 8], new Error("the client disconnected")))) {
      responses.push(...batch);
    }
  };
  await expect(reading()).rejects.toThrow("the client disconnected");
  expect(responses).toHaveLength(2);
});

test("a refused score has a response with the reason at its position, and is not stored", async () => {
  const unknownId = "00000000-0000-4000-8000-000000000000";
  const scores = [
    7,
    { productId: unknownId, score: 5 },
    { productId: "lamp", score: 5 },
    11,
    { productId: lamp.toUpperCase(), score: 8 },
  ];
  const responses = (await Array.fromAsync(rateProducts(memoryStore(), given(scores)))).flat();
  expect(responses.map(({ result }) => result.value)).toMatchObject([
    { count: 1n, average: 7 },
    {
      problem: RatingProblem.UNKNOWN_PRODUCT,
      message: `there is no product ${unknownId}, or it was deleted; check the id`,
    },
    { problem: RatingProblem.MALFORMED_ID },
    { problem: RatingProblem.BAD_SCORE, message: "score must be from 1 to 10, not 11" },
    { count: 2n, average: 7.5 },
  ]);
});

test("an average is the exact sum, divided once", () => {
  expect(averageRating({ count: 0n, millionths: 0n })).toMatchObject({ count: 0n, average: 0 });
  expect(averageRating({ count: 3n, millionths: 3_300_000n }).average).toBe(1.1);
  // A running sum of doubles gives 10.999999999999998 for ten times 1.1.
  expect(averageRating({ count: 10n, millionths: 11_000_000n }).average).toBe(1.1);
});
