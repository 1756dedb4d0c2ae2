/** A score for a product. */
export interface ProductScore {
  /** In lower case. */
  readonly productId: string;
  /** The score in millionths: an integer, so that sums are exact. */
  readonly millionths: bigint;
}

/** The number and the sum of all scores of a product. */
export interface ScoreSum {
  readonly count: bigint;
  /** The sum of the scores, in millionths. */
  readonly millionths: bigint;
}

/** The ratings of products. */
export interface RatingStore {
  /**
   * Adds a score. Resolves to the product's scores including this one when they are durable. Resolves to undefined and
   * stores nothing if the product does not exist or is deleted. Scores are added in the order of the calls.
   */
  add(score: ProductScore): Promise<ScoreSum | undefined>;

  /** Resolves to the scores of a product. Both numbers are 0 if it has no scores or does not exist. */
  get(productId: string): Promise<ScoreSum>;
}
