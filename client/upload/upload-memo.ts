import { FileChangedError, type UploadSource } from "./upload-source.ts";

/**
 * The record of an upload that a client stores, to resume the upload after a reload, after a restart or on another
 * device. A plain value for JSON, which does not change during the upload. The server knows the committed offset.
 */
export interface UploadMemo {
  /** The id of the upload. It is no secret, because the server lists all ids, and it is enough to read, continue or delete it. */
  readonly uploadId: string;
  /** The name of the file at the start of the upload. */
  readonly fileName: string;
  /** The size of the file, in bytes. */
  readonly size: number;
  /** The time of the last change of the file, in milliseconds since 1970. */
  readonly lastModified: number;
  /** The product that the file belongs to. Empty: none. */
  readonly productId: string;
}

/** Makes the memo of a new upload. */
export function newMemo(source: UploadSource, productId: string, newId: () => string): UploadMemo {
  const { name, size, lastModified } = source;
  return { uploadId: newId(), fileName: name, size, lastModified, productId };
}

/** Reads a memo from a JSON value. Undefined if the value is not a memo. */
export function parseMemo(value: unknown): UploadMemo | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { uploadId, fileName, size, lastModified, productId } = value as Record<string, unknown>;
  const isMemo =
    typeof uploadId === "string" &&
    uploadIdPattern.test(uploadId) &&
    typeof fileName === "string" &&
    typeof productId === "string" &&
    Number.isSafeInteger(size) &&
    (size as number) >= 0 &&
    Number.isFinite(lastModified);
  if (!isMemo) return undefined;
  return { uploadId, fileName, size: size as number, lastModified: lastModified as number, productId };
}

/** Makes the UploadInfo that starts the upload. It is the same at every start. */
export function toUploadInfo({ uploadId, fileName, size, productId }: UploadMemo) {
  return { uploadId, fileName, size: BigInt(size), productId };
}

/** Whether a memo may belong to this file. Compares size and time of the last change, not the content. */
export function isSameFile(memo: UploadMemo, source: UploadSource): boolean {
  return differenceOf(memo, source) === undefined;
}

/** Throws a {@link FileChangedError} if a memo belongs to another file. */
export function checkSameFile(memo: UploadMemo, source: UploadSource): void {
  const difference = differenceOf(memo, source);
  if (difference !== undefined) throw new FileChangedError(difference);
}

const uploadIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function differenceOf(memo: UploadMemo, source: UploadSource): string | undefined {
  if (source.size !== memo.size) return `it has ${source.size} bytes, and had ${memo.size}`;
  if (source.lastModified === memo.lastModified) return undefined;
  return `it was modified at ${formatTime(source.lastModified)}, and before at ${formatTime(memo.lastModified)}`;
}

function formatTime(millis: number): string {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? String(millis) : date.toISOString();
}
