import type { FileUploadState, UploadProgress } from "../../../../client/upload/file-upload-state.ts";
import type { FileUpload } from "../../../../client/upload/upload-file.ts";
import type { UploadMemo } from "../../../../client/upload/upload-memo.ts";

/** The state of an upload in the queue. */
export type QueueState =
  | Exclude<FileUploadState, { kind: "retrying" | "closed" }>
  /** The page was reloaded and looks for the file in the browser's cache. */
  | { readonly kind: "restoring" }
  /** Another upload is active. */
  | { readonly kind: "queued" }
  /** The browser does not have the file any more. The user must choose it again. */
  | { readonly kind: "file-missing" }
  /** Another window of this browser has the lock of the upload. */
  | { readonly kind: "other-window" }
  /** The connection was lost. The next attempt starts at `retryAt`, in milliseconds of `performance.now()`. */
  | { readonly kind: "reconnecting"; readonly retryAt: number; readonly reason: unknown };

/** The rendered data of an upload in the queue. The same object until it changes. */
export interface QueueView {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly productId: string;
  readonly state: QueueState;
  readonly progress: UploadProgress | undefined;
}

/** The mutable data of an upload in the queue. */
export interface UploadQueueItem {
  memo: UploadMemo;
  /** In milliseconds since 1970. */
  readonly addedAt: number;
  state: QueueState;
  isPaused: boolean;
  file: File | undefined;
  upload: FileUpload | undefined;
  /** Releases the lock of the upload. */
  releaseLock: () => void;
}

/** Whether the upload uses the connection or waits to reconnect. */
export function isActive({ kind }: QueueState): boolean {
  return kind === "connecting" || kind === "sending" || kind === "verifying" || kind === "reconnecting";
}

/** Whether the upload has ended. */
export function isFinished({ kind }: QueueState): boolean {
  return kind === "complete" || kind === "failed";
}

/** Returns the rendered data of an item. */
export function toQueueView({ memo, state, upload }: UploadQueueItem): QueueView {
  const { uploadId, fileName, size, productId } = memo;
  return { id: uploadId, name: fileName, size, productId, state, progress: upload?.progress };
}
