import { create } from "@bufbuild/protobuf";
import { groupAvailable } from "../../../client/shared/group-available.ts";
import { type ProductRating, ProductRatingSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import {
  type RateProductsRequest,
  type RateProductsResponse,
  RateProductsResponseSchema,
  RatingProblem,
} from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import { isProductId } from "../product-id.ts";
import type { RatingStore, ScoreSum } from "./rating-store.ts";

/** How many scores of a stream are counted together: those that have arrived, at most so many. */
export const maxScoresAtHand = 32;

/** The lowest and the highest score. 0 is none: it is what a client sends that forgot to set it. */
const scoreRange = { min: 1, max: 10 } as const;

/** A score as a client gives it. */
export type GivenScore = Pick<RateProductsRequest, "productId" | "score">;

/**
 * Counts scores as they come. Yields the answers in the order of the scores, those that came together at once; each
 * counted score is on the disk by then. Ends with the scores, or with their error, once what came before is answered.
 */
export async function* rateProducts(
  store: RatingStore,
  scores: AsyncIterable<GivenScore>,
): AsyncGenerator<RateProductsResponse[]> {
  let index = 0n;
  for await (const group of groupAvailable(scores, maxScoresAtHand, () => callScheduler.nextTurn())) {
    const first = index;
    index += BigInt(group.length);
    yield await Promise.all(group.map((given, n) => answer(store, given, first + BigInt(n))));
  }
}

/** What ratings make of a product. */
export function ratingOf({ count, millionths }: ScoreSum): ProductRating {
  const average = count === 0n ? 0 : Number(millionths) / (Number(count) * millionthsInOne);
  return create(ProductRatingSchema, { count, average });
}

/** Counts one score. */
export async function rateProduct(store: RatingStore, given: GivenScore): Promise<ProductRating | RefusedScore> {
  const productId = given.productId.toLowerCase();
  if (!isProductId(productId)) {
    return { problem: RatingProblem.MALFORMED_ID, message: "product_id is no UUID: check the id" };
  }
  if (!(given.score >= scoreRange.min && given.score <= scoreRange.max)) {
    const message = `score must be from ${scoreRange.min} to ${scoreRange.max}, not ${given.score}`;
    return { problem: RatingProblem.BAD_SCORE, message };
  }
  const sum = await store.add({ productId, millionths: BigInt(Math.round(given.score * millionthsInOne)) });
  if (sum !== undefined) return ratingOf(sum);
  const message = `there is no product ${productId}: check the id`;
  return { problem: RatingProblem.UNKNOWN_PRODUCT, message };
}

/** Why a score is not counted. */
export interface RefusedScore {
  readonly problem: RatingProblem;
  /** The same as a sentence. */
  readonly message: string;
}

const millionthsInOne = 1_000_000;

/** What is told back of an id. */
const maxIdChars = 64;

async function answer(store: RatingStore, given: GivenScore, index: bigint): Promise<RateProductsResponse> {
  const result = await rateProduct(store, given);
  return create(RateProductsResponseSchema, {
    index,
    productId: given.productId.slice(0, maxIdChars),
    result: "problem" in result ? { case: "refusal", value: result } : { case: "rating", value: result },
  });
}
