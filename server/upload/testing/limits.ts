import { settings } from "../../config/settings.ts";
import type { FamilyLimits } from "../../shared/testing/family-limits.ts";
import { emptyExpiryMs } from "../expiry-sweep.ts";
import { groupCommitDelayMs, maxUncommittedBytes, maxUnwrittenBytes } from "../file/durable-append.ts";
import { maxConcurrentImages, maxImageBytes, maxImagePixels } from "../image/detect-file-type.ts";
import { maxQueuedThumbnails, maxThumbnailBytes, queuedThumbnailsLimit } from "../image/thumbnails.ts";
import { maxFileNameBytes } from "../sanitize-file-name.ts";
import { chunkWaitMs } from "../session/chunk-receiver.ts";
import { maxChunksInFlight } from "../session/upload-session.ts";
import { maxChunkBytes } from "../session/upload-state-machine.ts";
import { bufferedBytesLimit, maxBufferedChunkBytes, maxDownloads } from "../shared-upload-limits.ts";
import { maxReservedBytes, minReservedBytes } from "../upload-quota.ts";
import { uploadIdleTimeoutMs } from "../upload-service.ts";

export const familyLimits: FamilyLimits = {
  title: "Uploads",
  introduction:
    "GetUploadLimits returns the first five limits, the share of the client, the size of a chunk, half of `maxChunksInFlight`, `uploadIdleTimeoutMs`, and the current use.",
  limits: [
    ["max-upload", Number(settings["max-upload"].fallback), "bytes of one file: `--max-upload`", "RESOURCE_EXHAUSTED"],
    [
      "upload-quota",
      Number(settings["upload-quota"].fallback),
      "bytes of all uploads, with the reservations of open ones: `--upload-quota`",
      "RESOURCE_EXHAUSTED with the numbers; an upload that is already open stays, and can resume when there is space",
    ],
    [
      "max-open-uploads",
      Number(settings["max-open-uploads"].fallback),
      "open uploads, each of which has an open file: `--max-open-uploads`",
      "RESOURCE_EXHAUSTED",
    ],
    [
      "upload-expiry",
      Number(settings["upload-expiry"].fallback),
      "seconds until an upload without new bytes expires: `--upload-expiry`",
      "the upload is EXPIRED, and its bytes are deleted",
    ],
    [
      "emptyExpiryMs",
      emptyExpiryMs,
      "time until an upload without any byte expires, unless `--upload-expiry` is shorter",
      "the upload is deleted, and its id can be started again",
    ],
    [
      "minReservedBytes",
      minReservedBytes,
      "minimum reservation of an upload with an announced size, unless the size is less",
      "an announced size must fit into the free quota at the start",
    ],
    [
      "maxReservedBytes",
      maxReservedBytes,
      "maximum reservation; in between it is a thousandth of the announced size",
      "the same",
    ],
    [
      "maxChunkBytes",
      maxChunkBytes,
      "bytes of one chunk, and how far after the received bytes a chunk may start",
      "INVALID_ARGUMENT; OUT_OF_RANGE",
    ],
    [
      "maxChunksInFlight",
      maxChunksInFlight,
      "concurrent calls of UploadChunk for one upload: two of a client, and two of a broken connection",
      "RESOURCE_EXHAUSTED",
    ],
    [
      "maxBufferedChunkBytes",
      maxBufferedChunkBytes,
      "bytes of chunks that wait for earlier chunks, of all uploads",
      "RESOURCE_EXHAUSTED: send chunks in order",
    ],
    [
      "chunkWaitMs",
      chunkWaitMs,
      "how long a chunk waits for the previous one",
      "OUT_OF_RANGE with the committed offset",
    ],
    [
      "groupCommitDelayMs",
      groupCommitDelayMs,
      "how long the first chunk of a pair waits for the second, to share a commit",
      "it is committed alone",
    ],
    [
      "uploadIdleTimeoutMs",
      uploadIdleTimeoutMs,
      "time without a message on an upload stream",
      "DEADLINE_EXCEEDED; the upload stays",
    ],
    [
      "maxUnwrittenBytes",
      maxUnwrittenBytes,
      "bytes of one upload in memory that are not written, in addition to one chunk",
      "back-pressure",
    ],
    [
      "maxUncommittedBytes",
      maxUncommittedBytes,
      "bytes of one upload that are written and not committed",
      "back-pressure",
    ],
    [
      "maxDownloads",
      maxDownloads,
      "concurrent downloads of all clients, by RPC and by HTTP: each has an open file, and up to 1 MiB in memory if the client does not read",
      "RESOURCE_EXHAUSTED; 503",
    ],
    ["maxFileNameBytes", maxFileNameBytes, "bytes of a file name", "INVALID_ARGUMENT"],
    ["maxImageBytes", maxImageBytes, "bytes of an image with a thumbnail", "no thumbnail: 415"],
    ["maxImagePixels", maxImagePixels, "pixels of an image with a thumbnail", "no thumbnail: 415"],
    [
      "maxConcurrentImages",
      maxConcurrentImages,
      "images that are decoded concurrently",
      "further images wait; clients are served round-robin",
    ],
    ["maxQueuedThumbnails", maxQueuedThumbnails, "thumbnails that wait to be created, of all clients", "503"],
    [
      "maxThumbnailBytes",
      maxThumbnailBytes,
      "bytes of all thumbnails on the disk",
      "the least recently used are deleted, and created again on request",
    ],
  ],
  shared: [
    [
      settingOf("upload-quota"),
      "RESOURCE_EXHAUSTED; an upload that is already open stays, and can resume when there is space",
    ],
    [settingOf("max-open-uploads"), "RESOURCE_EXHAUSTED"],
    [bufferedBytesLimit, "RESOURCE_EXHAUSTED: send chunks in order"],
    [{ name: "maxDownloads", max: maxDownloads }, "RESOURCE_EXHAUSTED; 503"],
    [queuedThumbnailsLimit, "503"],
  ],
};

function settingOf(name: "upload-quota" | "max-open-uploads") {
  return { name, max: Number(settings[name].fallback) };
}
