import { writeLimit } from "../../../server/storage/sqlite/kysely-thread-dialect.ts";
import { limitTable } from "../../../server/transport/protection/default-limits.ts";

/** The shared limits that belong to no family, each with the error of a client that has used up its share. */
export const commonShared = [
  [definitionOf("maxConnections"), "the connection is closed"],
  [definitionOf("maxActiveCalls"), "RESOURCE_EXHAUSTED"],
  [writeLimit, "RESOURCE_EXHAUSTED"],
] as const;

/** Limits of the whole server without a share for each client, and why one client cannot starve the others. */
export const withoutShare = [
  ["maxDecompressions", "a message takes some milliseconds, and waiting calls count against the share of calls"],
  ["maxConcurrentImages", "clients are served round-robin"],
  ["maxGroupOrders", "each commit serves clients round-robin, and so do the slices of exports"],
  ["maxUnprunedRevisions", "states that a list needs are not deleted"],
  ["maxThumbnailBytes", "deleted thumbnails are created again on request"],
  ["maxLoggedQuotes", "the log is always full: the newest quotes evict the oldest, regardless of their publisher"],
  ["maxUnsavedCandles", "it grows with instruments, not with clients"],
  ["max-store", "rows of the database have no owner, so they are not counted by client"],
] as const;

function definitionOf(name: "maxConnections" | "maxActiveCalls") {
  return { name, max: limitTable[name].value };
}
