import type { Client } from "@connectrpc/connect";
import type { Upload } from "../../gen/bourse/upload/v1/upload_pb.ts";
import type { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import type { Timers } from "../shared/timers.ts";
import type { Crc32c } from "./crc32c.ts";
import type { FileHash } from "./file-hash.ts";
import { ResumableUpload } from "./resumable-upload.ts";
import { checkSameFile, newMemo, type UploadMemo } from "./upload-memo.ts";
import type { UploadSource } from "./upload-source.ts";
import type { FileUploadState, UploadProgress } from "./upload-state.ts";

/** The calls that an upload makes. */
export type UploadClient = Pick<
  Client<typeof UploadService>,
  "upload" | "startUpload" | "uploadChunk" | "getUpload" | "finishUpload" | "abortUpload" | "getUploadLimits"
>;

export interface UploadFileOptions {
  /** An upload to go on with. Default: a new one. */
  readonly memo?: UploadMemo;
  /** The product that the file belongs to, for a new upload. Default: none. */
  readonly productId?: string;
  /**
   * `chunks`: a call each, for any client (the default). `stream`: one call, for clients that can stream, as Node's over
   * HTTP/2. Both come to the same upload: what was begun by one may be gone on with by the other.
   */
  readonly door?: "chunks" | "stream";
  /** The most chunks that are under way at a time, 1 or 2. Default: 2, and no more than the server allows. */
  readonly chunksInFlight?: 1 | 2;
  /** Leaves the upload, as `close` does. */
  readonly signal?: AbortSignal;
  /** Takes each state, once whenever it changes. */
  readonly onState?: (state: FileUploadState) => void;
  /** Is called whenever more is committed. */
  readonly onProgress?: (progress: UploadProgress) => void;
  /** Default: in slices on this thread, in WebAssembly, which a page's policy has to allow (`wasm-unsafe-eval`). */
  readonly hash?: FileHash;
  /** Default: in WebAssembly, too. */
  readonly crc32c?: Crc32c;
  /** Default: the platform's. */
  readonly timers?: Timers;
  /** Numbers from 0 to below 1. Default: Math.random. */
  readonly random?: () => number;
  /** A new random UUID. Default: the platform's. */
  readonly newId?: () => string;
}

/** A file on its way to the server. */
export interface FileUpload {
  /** What to remember, from the first moment on, to go on with the upload in another life of the program. */
  readonly memo: UploadMemo;
  readonly state: FileUploadState;
  readonly progress: UploadProgress;
  /**
   * Resolves when the server has the whole file, and its hash is that of the file here. Rejects with an
   * {@link UploadFailedError} where it cannot come to that, and with CANCELED after `close` and `cancel`.
   */
  readonly done: Promise<Upload>;
  /** Stops sending, until `resume`. What is committed stays, and what is under way is sent again. */
  pause(): void;
  resume(): void;
  /** Cuts the wait for the next attempt short, where there is one. */
  retry(): void;
  /** Takes the upload back from another writer, where it was taken over. */
  takeOver(): void;
  /** Leaves the upload as it is on the server, to be gone on with later. */
  close(): void;
  /** Ends the upload, and has the server delete what it has of it. Rejects where the server cannot be told. */
  cancel(): Promise<void>;
}

/**
 * Uploads a file, for as long as it takes: after each break it asks the server how much is committed, and goes on there,
 * after a while that grows. Every chunk carries a checksum, and the whole is verified by its SHA-256, which is counted
 * here of all of the file, however often the upload was interrupted. Holds two chunks in memory at most. Runs in
 * browsers and in Node, on any Connect transport.
 *
 * Begins at once. Throws a {@link FileChangedError} where the memo is not of this file.
 */
export function uploadFile(client: UploadClient, source: UploadSource, options: UploadFileOptions = {}): FileUpload {
  const { memo: remembered, productId = "", newId = () => crypto.randomUUID() } = options;
  if (remembered !== undefined) checkSameFile(remembered, source);
  return new ResumableUpload(client, source, remembered ?? newMemo(source, productId, newId), options);
}
