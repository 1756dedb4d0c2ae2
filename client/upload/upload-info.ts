import type { UploadMemo } from "./upload-memo.ts";

/** What the server is told of a file before its first byte. Every start of an upload tells the same. */
export function uploadInfo({ uploadId, fileName, size, productId }: UploadMemo) {
  return { uploadId, fileName, size: BigInt(size), productId };
}
