import { FileChangedError, type UploadSource } from "./upload-source.ts";

/**
 * All that is to be remembered of an upload to go on with it later: after a reload, after a restart, elsewhere. A plain
 * value for JSON, which does not change while the upload runs. How much has arrived the server knows.
 */
export interface UploadMemo {
  /** The name of the upload. Who knows it may do all with it. */
  readonly uploadId: string;
  /** What the file was called when the upload was started. */
  readonly fileName: string;
  /** How many bytes the file had. */
  readonly size: number;
  /** When the file was last changed, in milliseconds since 1970. */
  readonly lastModified: number;
  /** The product that the file belongs to. Empty: none. */
  readonly productId: string;
}

/** Begins to remember. */
export function newMemo(source: UploadSource, productId: string, newId: () => string): UploadMemo {
  const { name, size, lastModified } = source;
  return { uploadId: newId(), fileName: name, size, lastModified, productId };
}

/** Reads a memo out of what JSON has given. Undefined where it is none. */
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

/** Whether a memo can be of this file, by all that can be seen without reading it. */
export function isSameFile(memo: UploadMemo, source: UploadSource): boolean {
  return differenceOf(memo, source) === undefined;
}

/** Throws a {@link FileChangedError} where a memo is of another file. */
export function checkSameFile(memo: UploadMemo, source: UploadSource): void {
  const difference = differenceOf(memo, source);
  if (difference !== undefined) throw new FileChangedError(difference);
}

const uploadIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function differenceOf(memo: UploadMemo, source: UploadSource): string | undefined {
  if (source.size !== memo.size) return `it has ${source.size} bytes, and had ${memo.size}`;
  if (source.lastModified === memo.lastModified) return undefined;
  return `it was changed at ${textOf(source.lastModified)}, and before at ${textOf(memo.lastModified)}`;
}

function textOf(moment: number): string {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? String(moment) : date.toISOString();
}
