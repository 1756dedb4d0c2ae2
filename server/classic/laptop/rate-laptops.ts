import { create } from "@bufbuild/protobuf";
import { type RateProductsResponse, RatingProblem } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import {
  type RateLaptopRequest,
  type RateLaptopResponse,
  RateLaptopResponseSchema,
} from "../../../gen/classic/pcbook/laptop_service_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import type { Score } from "../../product/rating/rate-products.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { findLaptop, laptopNotFound } from "./convert-laptop.ts";

/** The highest count that a response can have: the field has 32 bits. */
const maxCount = 2 ** 32 - 1;

/**
 * Stores scores and yields the rating of the laptop after each one.
 *
 * Throws a NotFoundError for an unknown laptop and an InvalidFieldError for an invalid score. The scores before the
 * error are stored and have a response.
 */
export async function* rateLaptops(
  catalogue: Pick<Catalogue, "get" | "rateAll">,
  requests: AsyncIterable<RateLaptopRequest>,
): AsyncGenerator<RateLaptopResponse> {
  for await (const results of catalogue.rateAll(readScores(catalogue, requests))) {
    for (const result of results) yield toRateLaptopResponse(result);
  }
}

async function* readScores(
  catalogue: Pick<Catalogue, "get">,
  requests: AsyncIterable<RateLaptopRequest>,
): AsyncGenerator<Score> {
  for await (const { laptopId, score } of requests) {
    const { id: productId } = await findLaptop(catalogue, laptopId);
    yield { productId, score };
  }
}

function toRateLaptopResponse({ productId, result }: RateProductsResponse): RateLaptopResponse {
  switch (result.case) {
    case "rating": {
      const { count, average } = result.value;
      const ratedCount = Math.min(Number(count), maxCount);
      return create(RateLaptopResponseSchema, { laptopId: productId, ratedCount, averageScore: average });
    }
    case "refusal":
      if (result.value.problem !== RatingProblem.BAD_SCORE) throw laptopNotFound(productId);
      throw new InvalidFieldError("score", result.value.message);
    default:
      throw new Error("the response to a score has neither a rating nor a refusal");
  }
}
