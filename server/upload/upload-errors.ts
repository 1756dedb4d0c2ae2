import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  UploadProblemReason as Reason,
  UploadState as State,
  type UploadProblem,
  UploadProblemSchema,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import { NotFoundError } from "../shared/api-resource-errors.ts";
import { DomainError, type ErrorDetail } from "../shared/domain-error.ts";
import { StoreFullError, StoreReadOnlyError, storeReadOnlyMessage } from "../storage/storage-errors.ts";
import type { StoreHealth } from "../storage/store-health.ts";
import type { ProblemReason } from "./session/upload-state-machine.ts";
import type { UploadPhase } from "./store/upload-record.ts";

const codes: Record<Reason, Code> = {
  [Reason.UNSPECIFIED]: Code.Unknown,
  [Reason.STALE_WRITER]: Code.Aborted,
  [Reason.GAP]: Code.OutOfRange,
  [Reason.OVERLAP]: Code.InvalidArgument,
  [Reason.CHECKSUM]: Code.DataLoss,
  [Reason.TOO_LONG]: Code.OutOfRange,
  [Reason.SIZE]: Code.FailedPrecondition,
  [Reason.HASH]: Code.FailedPrecondition,
  [Reason.CONFLICT]: Code.AlreadyExists,
  [Reason.STATE]: Code.FailedPrecondition,
  [Reason.FILE_LIMIT]: Code.ResourceExhausted,
  [Reason.QUOTA]: Code.ResourceExhausted,
  [Reason.TOO_MANY]: Code.ResourceExhausted,
  [Reason.READ_ONLY]: Code.Unavailable,
  [Reason.STALLED]: Code.DeadlineExceeded,
};

/** A request for an upload is refused. The detail has the reason, and the state and the committed offset of the upload. */
export class UploadError extends DomainError {
  override name = "UploadError";
  readonly code: Code;
  readonly detail: UploadProblem;

  /** @param problem what is wrong and what to do */
  constructor(detail: UploadProblem, problem: string) {
    super(`upload ${detail.uploadId}: ${problem}`);
    this.code = codes[detail.reason] ?? Code.Unknown; // protobuf enums are open: the number may have no name
    this.detail = detail;
  }

  override toDetail(): ErrorDetail {
    return { desc: UploadProblemSchema, value: this.detail };
  }
}

/** The requested range of a file starts after its end. */
export class FileRangeError extends DomainError {
  override name = "FileRangeError";
  readonly code = Code.OutOfRange;

  constructor(offset: number, size: number) {
    super(`offset ${offset} is past the end of the file, which has ${size} bytes: use an offset of ${size} or less`);
  }
}

/** The proto state of each phase. */
export const protoStates: Record<UploadPhase, State> = {
  open: State.OPEN,
  verifying: State.VERIFYING,
  complete: State.COMPLETE,
  aborted: State.ABORTED,
  expired: State.EXPIRED,
  damaged: State.DAMAGED,
};

/** The status that an error carries. Without a phase the upload does not exist yet. */
interface ErrorStatus {
  readonly committed: number;
  readonly phase?: UploadPhase;
}

/** Creates the error of a refused request. `message`: what is wrong and what to do. */
export function uploadError(
  id: string,
  { committed, phase }: ErrorStatus,
  reason: ProblemReason,
  message: string,
): UploadError {
  const detail = create(UploadProblemSchema, {
    reason: Reason[reason],
    uploadId: id,
    committedOffset: BigInt(committed),
    state: phase === undefined ? State.UNSPECIFIED : protoStates[phase],
  });
  return new UploadError(detail, message);
}

/** Creates the error of an id that belongs to no upload. Uploads that have ended or expired are deleted later. */
export function uploadNotFound(id: string): NotFoundError {
  return new NotFoundError("upload", id, "check the id; if the upload has expired, start it again");
}

/** Creates the error of a request that writes if the store is read-only. */
export function readOnlyError(id: string, status: ErrorStatus): UploadError {
  return uploadError(id, status, "READ_ONLY", storeReadOnlyMessage);
}

/**
 * Returns the UploadError for an error of the disk or the database, and any other error unchanged. An error of a broken
 * disk makes the store read-only.
 */
export function diskError(id: string, status: ErrorStatus, error: unknown, health: StoreHealth): unknown {
  if (health.check(error) || error instanceof StoreReadOnlyError) return readOnlyError(id, status);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT" || error instanceof StoreFullError) {
    const advice = status.phase === undefined ? "start the upload again" : "resume at the committed offset";
    const message = `the server has no space left (its disk, disk quota or --max-store is full): ${advice} when there is space`;
    return uploadError(id, status, "QUOTA", message);
  }
  if (code === "EMFILE" || code === "ENFILE") {
    return uploadError(id, status, "TOO_MANY", "the server's limit of open files is reached; retry later");
  }
  return error;
}
