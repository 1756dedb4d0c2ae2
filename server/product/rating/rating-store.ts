/** A score for a product. */
export interface ProductScore {
  /** In lower case. */
  readonly productId: string;
  /** The score in millionths: whole, so that sums are exact. */
  readonly millionths: bigint;
}

/** All scores of a product. */
export interface ScoreSum {
  readonly count: bigint;
  /** Their sum in millionths. */
  readonly millionths: bigint;
}

/** The ratings of products. */
export interface RatingStore {
  /**
   * Counts a score. Resolves, once that is on the disk, to the product's scores with this one; to undefined, and counts
   * nothing, where there is no such product or it was deleted. Scores are counted in the order of the calls.
   */
  add(score: ProductScore): Promise<ScoreSum | undefined>;

  /** The scores of a product: none where it has none, or is none. */
  get(productId: string): Promise<ScoreSum>;
}
