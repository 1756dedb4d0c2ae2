import { create } from "@bufbuild/protobuf";
import { toTimestamp } from "../../client/shared/micro-time.ts";
import { type Upload, type UploadInfo, UploadSchema } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { displayName } from "./file-name.ts";
import type { UploadView } from "./session/upload-dependencies.ts";
import type { FileMetadata } from "./store/upload-record.ts";
import { stateOf } from "./upload-errors.ts";

/** How long uploads are kept that are not continued: those with a byte, and those without. */
interface Expiry {
  readonly expiryMs: number;
  readonly emptyExpiryMs: number;
}

/** An upload as clients see it. */
export function toUpload(view: UploadView, expiry: Expiry): Upload {
  const goesOn = view.phase !== "complete";
  const expiryMs = view.phase === "open" && view.committed === 0 ? expiry.emptyExpiryMs : expiry.expiryMs;
  return create(UploadSchema, {
    uploadId: view.id,
    state: stateOf[view.phase],
    fileName: view.fileName,
    ...(view.size !== undefined && { size: BigInt(view.size) }),
    committedOffset: BigInt(view.committed),
    sha256: bytesOf(view.sha256),
    productId: view.productId,
    contentType: view.contentType ?? "",
    ...(view.image && { image: view.image }),
    createTime: toTimestamp(view.createMicros),
    updateTime: toTimestamp(view.updateMicros),
    ...(goesOn && { expireTime: toTimestamp(view.updateMicros + expiryMs * 1_000) }),
  });
}

/** What a client says of a file, checked. Throws an {@link InvalidFieldError} where it cannot be taken. */
export function toFileMetadata(info: UploadInfo | undefined): FileMetadata {
  if (info === undefined) throw new InvalidFieldError("info", "is missing: say what the file is");
  const { uploadId, productId, size, sha256 } = info;
  return {
    id: uploadId.toLowerCase(),
    fileName: displayName(info.fileName, "info.file_name"),
    productId: productId.toLowerCase(),
    ...(size !== undefined && { size: toBytes(size) }),
    ...(sha256.byteLength > 0 && { sha256: hexOf(sha256) }),
  };
}

/** A number of bytes as a number: beyond what one holds exactly it is more than any disk has, and is not told apart. */
export function toBytes(value: bigint): number {
  return Number(value > largest ? largest : value);
}

const largest = BigInt(Number.MAX_SAFE_INTEGER);

/** A SHA-256 in lower-case hex; `undefined` where it is empty. */
export function toSha256(bytes: Uint8Array): string | undefined {
  return bytes.byteLength === 0 ? undefined : hexOf(bytes);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function bytesOf(hex: string | undefined): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(hex ?? "", "hex"));
}
