import type { FileHash } from "../../../../client/upload/checksums.ts";
import { FileChangedError } from "../../../../client/upload/upload-source.ts";
import type { HashReply } from "./hash-worker.ts";

/** Hashes a file in a thread of its own, so that the page stays as quick as it was. The file is not copied. */
export function hashInWorker(file: Blob): FileHash {
  return (_source, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const worker = new Worker(new URL("./hash-worker.ts", import.meta.url), { type: "module" });
    const give = () => reject(signal.reason);
    signal.addEventListener("abort", give);
    if (signal.aborted) give();
    worker.onmessage = ({ data }: MessageEvent<HashReply>) => {
      if (data.kind === "hash") resolve(data.sha256);
      else if (data.kind === "changed") reject(new FileChangedError(data.message));
      else reject(new Error(data.message));
    };
    worker.onerror = ({ message }) => reject(new Error(`the file cannot be hashed: ${message}`));
    worker.postMessage(file);
    return promise.finally(() => {
      signal.removeEventListener("abort", give);
      worker.terminate();
    });
  };
}
