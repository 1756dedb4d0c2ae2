import { hashInSlices } from "../../../../client/upload/checksums.ts";
import { blobSource, FileChangedError } from "../../../../client/upload/upload-source.ts";

/** The only reply of a hash worker. */
export type HashReply =
  | { readonly kind: "hash"; readonly sha256: Uint8Array }
  | { readonly kind: "changed"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

// The page terminates the worker after the reply or on abort.
addEventListener("message", async ({ data }: MessageEvent<Blob>) => {
  postMessage(await computeHash(data));
});

async function computeHash(blob: Blob): Promise<HashReply> {
  try {
    const sha256 = await hashInSlices()(blobSource(blob), new AbortController().signal);
    return { kind: "hash", sha256 };
  } catch (reason) {
    const message = reason instanceof Error ? reason.message : String(reason);
    return { kind: reason instanceof FileChangedError ? "changed" : "failed", message };
  }
}
