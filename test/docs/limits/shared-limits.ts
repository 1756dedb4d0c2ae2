import { writeLimit } from "../../../server/storage/sqlite/kysely-thread-dialect.ts";
import { limitTable } from "../../../server/transport/protection/default-limits.ts";

/** The shared limits that belong to no family, each with the error of a client that has used up its share. */
export const commonShared = [
  [definitionOf("maxConnections"), "the connection is closed"],
  [definitionOf("maxActiveCalls"), "RESOURCE_EXHAUSTED"],
  [writeLimit, "RESOURCE_EXHAUSTED"],
] as const;

/** Limits of the whole server without a share for each client, and why they have none. */
export const withoutShare = [
  ["maxDecompressions", "a message takes some milliseconds, and waiting calls count against the share of calls"],
  ["maxConcurrentImages", "clients are served round-robin"],
  ["maxGroupOrders", "each commit serves clients round-robin, and so do the slices of exports"],
  ["maxUnprunedRevisions", "reaching it starts the deletion of old revisions, and refuses nothing"],
  ["maxThumbnailBytes", "deleted thumbnails are created again on request"],
  ["maxLoggedQuotes", "quotes have no owner: a client that publishes fast shortens the log for all clients"],
  ["maxUnsavedCandles", "the number grows with instruments, not with clients"],
  [
    "max-store",
    "rows have no owner: one client can fill the database; expose methods that write only to trusted clients",
  ],
] as const;

function definitionOf(name: "maxConnections" | "maxActiveCalls") {
  return { name, max: limitTable[name].value };
}
