import type { LimitDefinition, SharedLimit } from "../transport/protection/shared-limit.ts";
import { waitingThumbnailLimit } from "./image/thumbnails.ts";
import { bufferedBytesLimit } from "./session/buffered-bytes.ts";
import type { SharedUploadLimits, UploadQuotaLimits } from "./upload-quota.ts";

/** How many downloads may be under way, by all ways: each has an open file, and up to a MiB where it is not read. */
export const maxReaders = 1_000;

/** All limits on uploads that clients share. */
export interface UploadLimits extends SharedUploadLimits {
  /** Bytes of chunks that wait for the ones before them. */
  readonly heldBytes: SharedLimit;
  /** Downloads under way. */
  readonly readers: SharedLimit;
  readonly waitingThumbnails: SharedLimit;
}

/** Makes the limits on uploads. */
export function uploadLimits(
  { maxTotalBytes, maxOpenUploads }: UploadQuotaLimits,
  limit: (definition: LimitDefinition) => SharedLimit,
): UploadLimits {
  return {
    bytes: limit({
      name: "upload-quota",
      counted: "bytes of uploads",
      max: maxTotalBytes,
      advice: "abort or delete others first",
    }),
    open: limit({
      name: "max-open-uploads",
      counted: "open uploads",
      max: maxOpenUploads,
      advice: "finish or abort others first",
    }),
    heldBytes: limit(bufferedBytesLimit),
    readers: limit({ name: "maxReaders", counted: "concurrent downloads", max: maxReaders }),
    waitingThumbnails: limit(waitingThumbnailLimit),
  };
}
