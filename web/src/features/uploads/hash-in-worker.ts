import type { FileHash } from "../../../../client/upload/checksums.ts";
import { FileChangedError } from "../../../../client/upload/upload-source.ts";
import type { HashReply } from "./file-hash-worker.ts";

/** Computes the hash of a file in a worker, so that the page stays responsive. The file is not copied. */
export function hashInWorker(file: Blob): FileHash {
  return (_source, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const worker = new Worker(new URL("./file-hash-worker.ts", import.meta.url), { type: "module" });
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    worker.onmessage = ({ data }: MessageEvent<HashReply>) => {
      if (data.kind === "hash") resolve(data.sha256);
      else if (data.kind === "changed") reject(new FileChangedError(data.message));
      else reject(new Error(data.message));
    };
    worker.onerror = ({ message }) => reject(new Error(`the hash of the file cannot be computed: ${message}`));
    worker.postMessage(file);
    return promise.finally(() => {
      signal.removeEventListener("abort", onAbort);
      worker.terminate();
    });
  };
}
