import { createHash } from "node:crypto";
import { open, realpath } from "node:fs/promises";
import { basename } from "node:path";
import { crc32c } from "@node-rs/crc32";
import { hashInSlices } from "../client/upload/checksums.ts";
import { uploadFile } from "../client/upload/upload-file.ts";
import type { UploadMemo } from "../client/upload/upload-memo.ts";
import { UploadFailedError } from "../client/upload/upload-problem.ts";
import { fileHandleSource } from "../client/upload/upload-source.ts";
import type { FileUploadState } from "../client/upload/upload-state.ts";
import type { UploadClient } from "../client/upload/uploader.ts";
import type { Upload } from "../gen/bourse/upload/v1/upload_pb.ts";
import { ProgressBar } from "./progress-bar.ts";
import { retryText } from "./retry-text.ts";
import type { UploadStates } from "./upload-states.ts";

export interface SendFileOptions {
  readonly client: UploadClient;
  readonly states: UploadStates;
  /** The server's address, under which the upload is remembered. */
  readonly server: string;
  readonly productId: string;
  readonly method: "chunked" | "streaming";
  /** Leaves the upload, to be gone on with. */
  readonly signal: AbortSignal;
  /** Shows no progress. */
  readonly quiet: boolean;
  /** Takes a line for people. */
  readonly tell: (line: string) => void;
}

/** Uploads a file, or goes on with it where that was begun before. Rejects with what ended it. */
export async function sendFile(file: string, options: SendFileOptions): Promise<Upload> {
  const { states, server, productId } = options;
  const path = await realpath(file);
  await using handle = await open(path);
  const stats = await handle.stat();
  if (!stats.isFile()) throw new NotAFileError(file);
  const { size, mtimeMs } = stats;
  const source = await fileHandleSource(handle, basename(path));
  const key = { server, path, size, mtimeMs, productId };
  for (let memo = await states.recall(key); ; memo = undefined) {
    const end = new AbortController();
    const upload = uploadFile(options.client, source, {
      method: options.method,
      productId,
      crc32c: (bytes) => crc32c(bytes),
      hash: hashInSlices(() => createHash("sha256")),
      signal: AbortSignal.any([options.signal, end.signal]),
      onState: (state) => follow(state),
      onProgress: ({ committedBytes }) => bar?.update(committedBytes),
      ...(memo && { memo }),
    });
    let bar: ProgressBar | undefined;
    let hasBegun = false;
    const follow = (state: FileUploadState) => {
      if ((state.kind === "sending" || state.kind === "verifying") && !hasBegun) {
        hasBegun = true;
        const { committedBytes } = upload.progress;
        if (committedBytes > 0) options.tell(`${file}: goes on after ${committedBytes} of ${size} bytes`);
        bar = new ProgressBar({ total: size, startAt: committedBytes, items: "bytes", quiet: options.quiet });
      } else if (state.kind === "retrying" && !hasBegun)
        end.abort(state.reason); // Who calls for the first time wants to know.
      else if (state.kind === "retrying") options.tell(`${file}: ${retryText("the line", state)}`);
      else if (state.kind === "taken-over")
        end.abort(new Error(`${file}: another program has gone on with this upload`));
    };
    try {
      await states.remember(key, upload.memo);
      const complete = await upload.done;
      await states.forget(key);
      return complete;
    } catch (reason) {
      if (end.signal.aborted) throw end.signal.reason;
      if (!(reason instanceof UploadFailedError)) throw reason;
      if (reason.remedy === "gone" && memo !== undefined) {
        options.tell(`${file}: the server no longer has what was sent before, so it begins anew`);
        continue;
      }
      if (reason.remedy === "file-changed") await giveUp(options, upload.memo);
      if (reason.remedy !== "refused") await states.forget(key);
      throw reason;
    } finally {
      bar?.[Symbol.dispose]();
    }
  }
}

/** A folder, a pipe, or anything else that has no size and no end. */
export class NotAFileError extends Error {
  constructor(file: string) {
    super(`${file} is not a file: only files can be uploaded, as they can be read again after a break`);
    this.name = "NotAFileError";
  }
}

/** What the server has is of no file any more. Where it cannot be told, it expires. */
async function giveUp({ client }: SendFileOptions, { uploadId }: UploadMemo): Promise<void> {
  await client.abortUpload({ uploadId }).catch(() => {});
}
