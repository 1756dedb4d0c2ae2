import { Code, ConnectError } from "@connectrpc/connect";
import {
  type UploadProblem,
  UploadProblemReason,
  UploadProblemSchema,
  UploadState,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import { isRetryable } from "../shared/retry-policy.ts";
import { FileChangedError } from "./upload-source.ts";

/** The reaction of a client to a failed call. */
export type Remedy =
  /** Retries after a delay, from the committed offset. */
  | "retry"
  /** Another client writes the upload: waits until the caller takes it over. */
  | "yield"
  /** The server has all bytes: retries, which finishes the upload. */
  | "finish"
  /** The file differs from the one of the upload: fails. The caller may upload the file under a new id. */
  | "file-changed"
  /** The server no longer has the upload: fails. The caller may upload the file under a new id. */
  | "gone"
  /** A retry would not help: fails. The committed bytes stay on the server until they expire. */
  | "refused";

/** The remedy of each reason. A reason that is missing in the table does not compile. */
const remedies: Record<UploadProblemReason, Remedy | ((problem: UploadProblem) => Remedy)> = {
  [UploadProblemReason.UNSPECIFIED]: "refused",
  [UploadProblemReason.STALE_WRITER]: "yield",
  [UploadProblemReason.GAP]: "retry",
  [UploadProblemReason.OVERLAP]: "file-changed",
  [UploadProblemReason.CHECKSUM]: "retry",
  [UploadProblemReason.TOO_LONG]: "file-changed",
  [UploadProblemReason.SIZE]: "retry",
  [UploadProblemReason.HASH]: "file-changed",
  [UploadProblemReason.CONFLICT]: "refused",
  [UploadProblemReason.STATE]: ({ state }) => remedyOfState[state] ?? "refused",
  [UploadProblemReason.FILE_LIMIT]: "refused",
  [UploadProblemReason.QUOTA]: "refused",
  [UploadProblemReason.TOO_MANY]: "retry",
  [UploadProblemReason.READ_ONLY]: "retry",
  [UploadProblemReason.STALLED]: "retry",
};

/** The remedy if an operation is not possible in the state of the upload. */
const remedyOfState: Record<UploadState, Remedy> = {
  [UploadState.UNSPECIFIED]: "refused",
  [UploadState.OPEN]: "retry",
  [UploadState.VERIFYING]: "finish",
  [UploadState.COMPLETE]: "finish",
  [UploadState.ABORTED]: "gone",
  [UploadState.EXPIRED]: "gone",
  [UploadState.DAMAGED]: "gone",
};

/** The remedy of a failure: by the reason in its detail, or by its code if it has no known reason. */
export function remedyOf(reason: unknown): Remedy {
  if (reason instanceof FileChangedError) return "file-changed";
  const error = ConnectError.from(reason);
  const problem = problemOf(error);
  const remedy = problem && remedies[problem.reason]; // undefined for a reason of a newer server
  if (problem !== undefined && remedy !== undefined && problem.reason !== UploadProblemReason.UNSPECIFIED) {
    return typeof remedy === "function" ? remedy(problem) : remedy;
  }
  return isRetryable(error) ? "retry" : "refused";
}

/** The UploadProblem detail of an error of the server. Undefined if there is none. */
export function problemOf(reason: unknown): UploadProblem | undefined {
  return ConnectError.from(reason).findDetails(UploadProblemSchema)[0];
}

/** An upload has failed. Another attempt would not help. */
export class UploadFailedError extends Error {
  readonly remedy: "file-changed" | "gone" | "refused";
  /** The detail of the error of the server. */
  readonly problem: UploadProblem | undefined;
  /** The code of the failed call, or {@link Code.FailedPrecondition} if the file has changed. */
  readonly code: Code;

  constructor(remedy: "file-changed" | "gone" | "refused", cause: unknown) {
    const error = cause instanceof FileChangedError ? undefined : ConnectError.from(cause);
    super(error?.rawMessage ?? (cause as Error).message, { cause });
    this.name = "UploadFailedError";
    this.remedy = remedy;
    this.problem = error && problemOf(error);
    this.code = error?.code ?? Code.FailedPrecondition;
  }
}
