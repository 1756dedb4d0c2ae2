import { hashInSlices } from "../../../../client/upload/checksums.ts";
import { blobSource, FileChangedError } from "../../../../client/upload/upload-source.ts";

/** What a hash worker answers, once. */
export type HashReply =
  | { readonly kind: "hash"; readonly sha256: Uint8Array }
  | { readonly kind: "changed"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

// Whoever wants it to end terminates it.
addEventListener("message", async ({ data }: MessageEvent<Blob>) => {
  postMessage(await answerTo(data));
});

async function answerTo(blob: Blob): Promise<HashReply> {
  try {
    const sha256 = await hashInSlices()(blobSource(blob), new AbortController().signal);
    return { kind: "hash", sha256 };
  } catch (reason) {
    const message = reason instanceof Error ? reason.message : String(reason);
    return { kind: reason instanceof FileChangedError ? "changed" : "failed", message };
  }
}
