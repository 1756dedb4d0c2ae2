import { parseMemo, type UploadMemo } from "../../../../client/upload/upload-memo.ts";
import { keysOf, recall, remember } from "../../shared/storage.ts";

/** What is remembered of an upload over a reload. */
export interface RememberedUpload {
  readonly memo: UploadMemo;
  readonly isPaused: boolean;
  /** When it was added, in milliseconds since 1970. */
  readonly addedAt: number;
}

/** What the browser remembers of uploads that are not complete. Each has a place of its own, so that windows that remember different ones are not in each other's way. */
export interface UploadMemory {
  /** All, the oldest first. */
  all(): readonly RememberedUpload[];
  get(uploadId: string): RememberedUpload | undefined;
  put(upload: RememberedUpload): void;
  forget(uploadId: string): void;
}

const prefix = "bourse.upload.";

/** Remembers in the browser's local storage. */
export const localUploadMemory: UploadMemory = {
  all: () =>
    keysOf(prefix)
      .flatMap((key) => parseRemembered(recall(key)) ?? [])
      .sort((a, b) => a.addedAt - b.addedAt),
  get: (uploadId) => parseRemembered(recall(prefix + uploadId)),
  put: (upload) => remember(prefix + upload.memo.uploadId, JSON.stringify(upload)),
  forget: (uploadId) => remember(prefix + uploadId, undefined),
};

/** Reads what was remembered. Undefined where it is something else. */
export function parseRemembered(text: string | undefined): RememberedUpload | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text);
    const memo = parseMemo(value?.memo);
    if (memo === undefined) return undefined;
    return { memo, isPaused: value.isPaused === true, addedAt: Number(value.addedAt) || 0 };
  } catch {
    return undefined;
  }
}
