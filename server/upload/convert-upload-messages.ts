import { create } from "@bufbuild/protobuf";
import { toTimestamp } from "../../client/shared/micro-time.ts";
import { type Upload, type UploadInfo, UploadSchema } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { sanitizeFileName } from "./sanitize-file-name.ts";
import type { FileMetadata, UploadView } from "./store/upload-record.ts";
import { protoStates } from "./upload-errors.ts";

/** How long uploads are kept without a change, in milliseconds: with a committed byte, and without one. */
interface Expiry {
  readonly expiryMs: number;
  readonly emptyExpiryMs: number;
}

/** Converts an upload to the message that clients receive. */
export function toUpload(view: UploadView, expiry: Expiry): Upload {
  const expires = view.phase !== "complete";
  const expiryMs = view.phase === "open" && view.committed === 0 ? expiry.emptyExpiryMs : expiry.expiryMs;
  return create(UploadSchema, {
    uploadId: view.id,
    state: protoStates[view.phase],
    fileName: view.fileName,
    ...(view.size !== undefined && { size: BigInt(view.size) }),
    committedOffset: BigInt(view.committed),
    sha256: Uint8Array.from(Buffer.from(view.sha256 ?? "", "hex")),
    productId: view.productId,
    contentType: view.contentType ?? "",
    ...(view.image && { image: view.image }),
    createTime: toTimestamp(view.createMicros),
    updateTime: toTimestamp(view.updateMicros),
    ...(expires && { expireTime: toTimestamp(view.updateMicros + expiryMs * 1_000) }),
  });
}

/** Converts and validates the description of a file. Throws an {@link InvalidFieldError} if it is missing or invalid. */
export function toFileMetadata(info: UploadInfo | undefined): FileMetadata {
  if (info === undefined) throw new InvalidFieldError("info", "is missing: describe the file");
  const { uploadId, productId, size, sha256 } = info;
  return {
    id: uploadId.toLowerCase(),
    fileName: sanitizeFileName(info.fileName, "info.file_name"),
    productId: productId.toLowerCase(),
    ...(size !== undefined && { size: toBytes(size) }),
    ...(sha256.byteLength > 0 && { sha256: toHex(sha256) }),
  };
}

/** Converts a number of bytes or an offset. Values above the largest safe integer, 9 PB, become that integer. */
export function toBytes(value: bigint): number {
  return Number(value > maxBytes ? maxBytes : value);
}

const maxBytes = BigInt(Number.MAX_SAFE_INTEGER);

/** Converts a SHA-256 to lower-case hex; returns undefined if it is empty. */
export function toSha256(bytes: Uint8Array): string | undefined {
  return bytes.byteLength === 0 ? undefined : toHex(bytes);
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
