import { create } from "@bufbuild/protobuf";
import { type RateProductsResponse, RatingProblem } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import {
  type RateLaptopRequest,
  type RateLaptopResponse,
  RateLaptopResponseSchema,
} from "../../../gen/classic/pcbook/laptop_service_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import type { GivenScore } from "../../product/rating/rate-products.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { NotFoundError } from "../../shared/resource-errors.ts";
import { knownLaptop } from "./known-laptop.ts";

/** The highest number of ratings that the answer has room for. */
const maxCount = 2 ** 32 - 1;

/**
 * Counts scores as they come, and yields what the ratings of their laptops are by then.
 *
 * Throws a NotFoundError where there is no such laptop and an InvalidFieldError where the score cannot be counted. What
 * came before is counted and answered.
 */
export async function* rateLaptops(
  catalogue: Pick<Catalogue, "get" | "rateAll">,
  requests: AsyncIterable<RateLaptopRequest>,
): AsyncGenerator<RateLaptopResponse> {
  for await (const answers of catalogue.rateAll(scoresOf(catalogue, requests))) {
    for (const answer of answers) yield ratingOf(answer);
  }
}

async function* scoresOf(
  catalogue: Pick<Catalogue, "get">,
  requests: AsyncIterable<RateLaptopRequest>,
): AsyncGenerator<GivenScore> {
  for await (const { laptopId, score } of requests) {
    const { id: productId } = await knownLaptop(catalogue, laptopId);
    yield { productId, score };
  }
}

function ratingOf({ productId, result }: RateProductsResponse): RateLaptopResponse {
  switch (result.case) {
    case "rating": {
      const { count, average } = result.value;
      const ratedCount = Math.min(Number(count), maxCount);
      return create(RateLaptopResponseSchema, { laptopId: productId, ratedCount, averageScore: average });
    }
    case "refusal":
      if (result.value.problem !== RatingProblem.BAD_SCORE) throw new NotFoundError("laptop", productId);
      throw new InvalidFieldError("score", result.value.message);
    default:
      throw new Error("a score was neither counted nor refused");
  }
}
