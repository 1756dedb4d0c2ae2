import type { FileUpload } from "../../../../client/upload/upload-file.ts";
import type { UploadMemo } from "../../../../client/upload/upload-memo.ts";
import type { FileUploadState, UploadProgress } from "../../../../client/upload/upload-state.ts";

/** How an upload in the queue is. */
export type QueueState =
  | Exclude<FileUploadState, { kind: "retrying" | "closed" }>
  /** It was begun before a reload: the page looks whether it can go on. */
  | { readonly kind: "recalling" }
  /** Its turn is still to come. */
  | { readonly kind: "queued" }
  /** The browser no longer has the file: it must be chosen again. */
  | { readonly kind: "file-needed" }
  /** Another window of this browser is at it. */
  | { readonly kind: "elsewhere" }
  /** The line was lost. The next attempt begins at a moment of `performance.now`. */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly reason: unknown };

/** An upload in the queue, as it is shown. The same object until it changes. */
export interface QueueView {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly productId: string;
  readonly state: QueueState;
  readonly progress: UploadProgress | undefined;
}

/** An upload in the queue, as the queue has it. */
export interface QueueItem {
  memo: UploadMemo;
  readonly addedAt: number;
  state: QueueState;
  isPaused: boolean;
  file: File | undefined;
  upload: FileUpload | undefined;
  /** Lets other windows have it. */
  release: () => void;
}

/** Whether it keeps the line busy, or would as soon as there is one. */
export function isActive({ kind }: QueueState): boolean {
  return kind === "connecting" || kind === "sending" || kind === "verifying" || kind === "waiting";
}

/** Whether nothing more becomes of it by itself or by waiting. */
export function isOver({ kind }: QueueState): boolean {
  return kind === "complete" || kind === "failed";
}

export function viewOf({ memo, state, upload }: QueueItem): QueueView {
  const { uploadId, fileName, size, productId } = memo;
  return { id: uploadId, name: fileName, size, productId, state, progress: upload?.progress };
}
