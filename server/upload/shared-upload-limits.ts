import type { LimitDefinition, SharedLimit } from "../transport/protection/shared-limit.ts";
import { queuedThumbnailsLimit } from "./image/thumbnails.ts";
import type { QuotaLimits } from "./upload-quota.ts";

/**
 * The maximum number of concurrent downloads, by RPC and by HTTP. Each has an open file, and buffers up to 1 MiB for a
 * stalled client.
 */
export const maxDownloads = 1_000;

/** The maximum size of the chunks that wait for the bytes before them, in bytes, of all uploads together. */
export const maxBufferedChunkBytes = 64 * 1024 * 1024;

/** The limit on the bytes of waiting chunks. */
export const bufferedBytesLimit = {
  name: "maxBufferedChunkBytes",
  counted: "bytes of chunks that are ahead of the committed offset",
  max: maxBufferedChunkBytes,
  advice: "send chunks in order",
};

/** All limits on uploads that clients share. */
export interface SharedUploadLimits extends QuotaLimits {
  readonly bufferedBytes: SharedLimit;
  readonly downloads: SharedLimit;
  readonly queuedThumbnails: SharedLimit;
}

/** Creates the limits on uploads. `maxTotalBytes` and `maxOpenUploads` are settings of the server. */
export function createSharedUploadLimits(
  { maxTotalBytes, maxOpenUploads }: { readonly maxTotalBytes: number; readonly maxOpenUploads: number },
  limit: (definition: LimitDefinition) => SharedLimit,
): SharedUploadLimits {
  return {
    bytes: limit({
      name: "upload-quota",
      counted: "bytes of uploads",
      max: maxTotalBytes,
      advice: "abort or delete some of yours first",
    }),
    open: limit({
      name: "max-open-uploads",
      counted: "open uploads",
      max: maxOpenUploads,
      advice: "finish or abort some of yours first",
    }),
    bufferedBytes: limit(bufferedBytesLimit),
    downloads: limit({ name: "maxDownloads", counted: "concurrent downloads", max: maxDownloads }),
    queuedThumbnails: limit(queuedThumbnailsLimit),
  };
}
