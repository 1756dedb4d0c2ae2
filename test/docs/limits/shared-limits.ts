import { settings } from "../../../server/config/settings.ts";
import { exportLimit } from "../../../server/order/order-service.ts";
import { waitingOrderLimit } from "../../../server/order/submit/order-intake.ts";
import { catalogueReadLimit } from "../../../server/product/catalogue.ts";
import { subscriberLimit, subscriptionLimit } from "../../../server/quote/hub/quote-hub.ts";
import { writeLimit } from "../../../server/storage/sqlite/thread-dialect.ts";
import { limitTable } from "../../../server/transport/protection/limits.ts";
import { queuedThumbnailsLimit } from "../../../server/upload/image/thumbnails.ts";
import { bufferedBytesLimit, maxDownloads } from "../../../server/upload/upload-limits.ts";

/** The error of a client that has used up its share of a limit. */
export const beyondShare = [
  [definitionOf("maxConnections"), "the connection is closed"],
  [definitionOf("maxActiveCalls"), "RESOURCE_EXHAUSTED"],
  [subscriberLimit, "RESOURCE_EXHAUSTED"],
  [subscriptionLimit, "TOO_MANY for each further symbol"],
  [catalogueReadLimit, "RESOURCE_EXHAUSTED"],
  [exportLimit, "RESOURCE_EXHAUSTED"],
  [waitingOrderLimit, "back-pressure on its streams"],
  [writeLimit, "RESOURCE_EXHAUSTED"],
  [settingOf("upload-quota"), "RESOURCE_EXHAUSTED; the upload stays, and can resume when there is space"],
  [settingOf("max-open-uploads"), "RESOURCE_EXHAUSTED"],
  [bufferedBytesLimit, "RESOURCE_EXHAUSTED: send chunks in order"],
  [{ name: "maxDownloads", max: maxDownloads }, "RESOURCE_EXHAUSTED; 503"],
  [queuedThumbnailsLimit, "503"],
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

function settingOf(name: "upload-quota" | "max-open-uploads") {
  return { name, max: Number(settings[name].fallback) };
}
