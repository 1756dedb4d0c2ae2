import type { FamilyLimits } from "../../shared/testing/family-limits.ts";
import { maxMaskPaths } from "../apply-field-mask.ts";
import { catalogueReadLimit, maxCatalogueReads } from "../catalogue.ts";
import { maxListedImages } from "../fill-in-product-images.ts";
import { maxScoresPerBatch } from "../rating/rate-products.ts";
import { maxUnprunedRevisions } from "../store/product-snapshots.ts";

export const familyLimits: FamilyLimits = {
  title: "Products",
  limits: [
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
  ],
  shared: [[catalogueReadLimit, "RESOURCE_EXHAUSTED"]],
};
