import { parseMemo, type UploadMemo } from "../../../../client/upload/upload-memo.ts";
import { listKeys, readItem, writeItem } from "../../shared/local-storage.ts";

/** The stored record of an upload that is not complete. */
export interface LocalUploadRecord {
  readonly memo: UploadMemo;
  readonly isPaused: boolean;
  /** The time when the file was added, in milliseconds since 1970. */
  readonly addedAt: number;
}

/** The records of uploads that are not complete. Each has its own key, so that windows do not overwrite each other's. */
export interface LocalUploadRecords {
  /** Returns all records, the oldest first. */
  all(): readonly LocalUploadRecord[];
  get(uploadId: string): LocalUploadRecord | undefined;
  put(record: LocalUploadRecord): void;
  delete(uploadId: string): void;
}

const prefix = "bourse.upload.";

/** Records in the browser's local storage. */
export const localUploadRecords: LocalUploadRecords = {
  all: () =>
    listKeys(prefix)
      .flatMap((key) => parseRecord(readItem(key)) ?? [])
      .sort((a, b) => a.addedAt - b.addedAt),
  get: (uploadId) => parseRecord(readItem(prefix + uploadId)),
  put: (record) => writeItem(prefix + record.memo.uploadId, JSON.stringify(record)),
  delete: (uploadId) => writeItem(prefix + uploadId, undefined),
};

/** Parses a stored record. Returns undefined for an invalid text. */
export function parseRecord(text: string | undefined): LocalUploadRecord | undefined {
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
