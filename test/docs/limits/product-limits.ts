import { maxMaskPaths } from "../../../server/product/apply-field-mask.ts";
import { maxCatalogueReads } from "../../../server/product/catalogue.ts";
import { maxListedImages } from "../../../server/product/product-images.ts";
import { maxScoresPerBatch } from "../../../server/product/rating/rate-products.ts";
import { maxUnprunedRevisions } from "../../../server/product/store/product-history.ts";

/** The limits of products. */
export const productLimits = [
  ["maxCatalogueReads", maxCatalogueReads, "concurrent lists and searches, of all clients", "RESOURCE_EXHAUSTED"],
  [
    "maxUnprunedRevisions",
    maxUnprunedRevisions,
    "old states of products that are kept although no list needs them; a list needs at most one for each product",
    "older ones are deleted",
  ],
  ["maxMaskPaths", maxMaskPaths, "paths in the field mask of an update", "INVALID_ARGUMENT"],
  ["maxScoresPerBatch", maxScoresPerBatch, "scores of one stream in one transaction", "back-pressure"],
  ["maxListedImages", maxListedImages, "images of a product in a response", "the newest are omitted"],
] as const;
