import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  type UploadInfoSchema,
  UploadProblemReason,
  UploadProblemSchema,
  UploadSchema,
  UploadState,
} from "../../../gen/bourse/upload/v1/upload_pb.ts";

/** An upload of the model. */
export interface ModelUpload {
  readonly info: MessageInitShape<typeof UploadInfoSchema>;
  bytes: Uint8Array;
  state: UploadState;
  generation: bigint;
  /** The remaining number of VERIFYING responses of FinishUpload. */
  polls: number;
}

/** Completes an upload if size and hash are correct. */
export function finish(upload: ModelUpload, size: bigint | undefined, digest: Uint8Array) {
  if (size !== BigInt(upload.bytes.length)) {
    throw problem(Code.FailedPrecondition, UploadProblemReason.SIZE, upload);
  }
  if (Buffer.compare(sha256(upload.bytes), digest) !== 0) {
    throw problem(Code.FailedPrecondition, UploadProblemReason.HASH, upload);
  }
  upload.state = UploadState.COMPLETE;
  return uploadOf(upload);
}

/** Creates the Upload message. */
export function uploadOf({ info, bytes, state }: ModelUpload) {
  const { uploadId = "", fileName = "", size, productId = "" } = info;
  const digest = state === UploadState.COMPLETE ? sha256(bytes) : new Uint8Array();
  return create(UploadSchema, {
    uploadId,
    fileName,
    productId,
    state,
    committedOffset: BigInt(bytes.length),
    sha256: digest,
    ...(size !== undefined && { size }),
  });
}

/** Creates an error with an UploadProblem detail, like the server. */
export function problem(code: Code, reason: UploadProblemReason, upload?: Pick<ModelUpload, "bytes" | "state">) {
  const value = {
    reason,
    committedOffset: BigInt(upload?.bytes.length ?? 0),
    state: upload?.state ?? UploadState.OPEN,
  };
  return new ConnectError(`problem ${reason}`, code, undefined, [{ desc: UploadProblemSchema, value }]);
}
