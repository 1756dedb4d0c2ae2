import { realpath } from "node:fs/promises";
import { crc32c } from "@node-rs/crc32";
import { openFileSource } from "../../client/node/file-source.ts";
import { nativeFileHash } from "../../client/node/native-sha256.ts";
import type { FileUploadState } from "../../client/upload/file-upload-state.ts";
import { UploadFailedError } from "../../client/upload/upload-error-remedy.ts";
import { uploadFile } from "../../client/upload/upload-file.ts";
import type { UploadClient } from "../../client/upload/upload-method.ts";
import type { Upload } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { formatRetry } from "../shared/command-retry-policy.ts";
import { ProgressBar } from "../shared/progress-bar.ts";
import type { UploadMemoStore } from "./upload-memo-store.ts";

export interface SendFileOptions {
  readonly client: UploadClient;
  readonly memos: UploadMemoStore;
  /** The address of the server, which is part of the key of a memo. */
  readonly server: string;
  readonly productId: string;
  readonly method: "chunked" | "streaming";
  /** Stops the upload. A later call resumes it. */
  readonly signal: AbortSignal;
  /** Shows no progress. */
  readonly quiet: boolean;
  /** Receives messages for the user. */
  readonly onMessage: (line: string) => void;
}

/** Uploads a file, or resumes its upload if there is a memo. Rejects with the reason of a failure. */
export async function sendFile(file: string, options: SendFileOptions): Promise<Upload> {
  const { client, memos, server, productId } = options;
  const path = await realpath(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") error.message = `${file} does not exist`;
    throw error;
  });
  await using source = await openFileSource(path);
  const { size, lastModified: mtimeMs } = source;
  const key = { server, path, size, mtimeMs, productId };
  for (let memo = await memos.get(key); ; memo = undefined) {
    const end = new AbortController();
    const upload = uploadFile(client, source, {
      method: options.method,
      productId,
      crc32c: (bytes) => crc32c(bytes),
      hash: nativeFileHash,
      signal: AbortSignal.any([options.signal, end.signal]),
      onState: (state) => onState(state),
      onProgress: ({ committedBytes }) => bar?.update(committedBytes),
      ...(memo && { memo }),
    });
    let bar: ProgressBar | undefined;
    const onState = (state: FileUploadState) => {
      switch (state.kind) {
        case "sending":
        case "verifying": {
          if (bar !== undefined) return;
          const { committedBytes } = upload.progress;
          if (committedBytes > 0) options.onMessage(`${file}: resumes after ${committedBytes} of ${size} bytes`);
          bar = new ProgressBar({ total: size, startAt: committedBytes, items: "bytes", quiet: options.quiet });
          return;
        }
        case "retrying":
          if (bar !== undefined) options.onMessage(`${file}: ${formatRetry("the connection", state)}`);
          else end.abort(state.reason); // the first attempt has failed: the address may be wrong
          return;
        case "taken-over":
          end.abort(new Error(`${file}: another program has taken this upload over`));
          return;
        default:
      }
    };
    try {
      await memos.put(key, upload.memo);
      const complete = await upload.done;
      await memos.delete(key);
      return complete;
    } catch (reason) {
      if (end.signal.aborted) throw end.signal.reason;
      if (!(reason instanceof UploadFailedError)) throw reason;
      if (reason.remedy === "gone" && memo !== undefined) {
        options.onMessage(`${file}: the server no longer has the earlier upload, so a new one starts`);
        continue;
      }
      // The committed bytes are of another content. If the server cannot be reached, the upload expires.
      if (reason.remedy === "file-changed")
        await client.abortUpload({ uploadId: upload.memo.uploadId }).catch(() => {});
      if (reason.remedy !== "refused") await memos.delete(key);
      throw reason;
    } finally {
      bar?.[Symbol.dispose]();
    }
  }
}
