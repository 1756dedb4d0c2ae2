import { create } from "@bufbuild/protobuf";
import { groupAvailableItems } from "../../../client/shared/group-available-items.ts";
import { type ProductRating, ProductRatingSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import {
  type RateProductsRequest,
  type RateProductsResponse,
  RateProductsResponseSchema,
  RatingProblem,
} from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import { isProductId } from "../validate-product.ts";
import type { RatingStore, ScoreSum } from "./rating-store.ts";

/** The maximum number of buffered scores of one stream that are stored concurrently. */
export const maxScoresPerBatch = 32;

/** The valid scores. 0 is excluded: it is the value of a field that the client did not set. */
const scoreRange = { min: 1, max: 10 } as const;

/** A score in a request. */
export type Score = Pick<RateProductsRequest, "productId" | "score">;

/** Why a score is not stored. */
export interface Refusal {
  readonly problem: RatingProblem;
  /** The problem as a sentence. */
  readonly message: string;
}

/**
 * Stores scores and yields a response for each, in the order of the scores and in batches of the scores that are
 * buffered. Each stored score is durable before its response. If `scores` throws, the responses to the scores before
 * the error are yielded first.
 */
export async function* rateProducts(
  store: RatingStore,
  scores: AsyncIterable<Score>,
): AsyncGenerator<RateProductsResponse[]> {
  let index = 0n;
  for await (const batch of groupAvailableItems(scores, maxScoresPerBatch, () => callScheduler.nextTurn())) {
    const first = index;
    index += BigInt(batch.length);
    yield await Promise.all(batch.map((score, n) => createResponse(store, score, first + BigInt(n))));
  }
}

/** Stores one score. Resolves to the product's new rating, or to the reason why the score is refused. */
export async function rateProduct(store: RatingStore, { productId, score }: Score): Promise<ProductRating | Refusal> {
  const id = productId.toLowerCase();
  if (!isProductId(id)) {
    return { problem: RatingProblem.MALFORMED_ID, message: "product_id is not a UUID; check the id" };
  }
  if (!(score >= scoreRange.min && score <= scoreRange.max)) {
    const message = `score must be from ${scoreRange.min} to ${scoreRange.max}, not ${score}`;
    return { problem: RatingProblem.BAD_SCORE, message };
  }
  const sum = await store.add({ productId: id, millionths: BigInt(Math.round(score * millionthsPerPoint)) });
  if (sum !== undefined) return averageRating(sum);
  return {
    problem: RatingProblem.UNKNOWN_PRODUCT,
    message: `there is no product ${id}, or it was deleted; check the id`,
  };
}

/** Returns the rating for a sum of scores. The average is 0 if there are none. */
export function averageRating({ count, millionths }: ScoreSum): ProductRating {
  const average = count === 0n ? 0 : Number(millionths) / (Number(count) * millionthsPerPoint);
  return create(ProductRatingSchema, { count, average });
}

const millionthsPerPoint = 1_000_000;

/** The maximum number of characters of an id that a response repeats. */
const maxIdChars = 64;

async function createResponse(store: RatingStore, score: Score, index: bigint): Promise<RateProductsResponse> {
  const result = await rateProduct(store, score);
  return create(RateProductsResponseSchema, {
    index,
    productId: score.productId.slice(0, maxIdChars),
    result: "problem" in result ? { case: "refusal", value: result } : { case: "rating", value: result },
  });
}
