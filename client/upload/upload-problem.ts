import { Code, ConnectError } from "@connectrpc/connect";
import {
  type UploadProblem,
  UploadProblemReason,
  UploadProblemSchema,
  UploadState,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import { isRetryable } from "../shared/retry-policy.ts";
import { FileChangedError } from "./upload-source.ts";

/** What a client does about a call that failed. */
export type Remedy =
  /** Ask where to go on, after a while, and go on there. */
  | "again"
  /** Another writer has the upload: wait until the caller wants it back. */
  | "yield"
  /** All is there: finish. */
  | "finish"
  /** The file is not what was uploaded: end; the caller may send it anew. */
  | "file-changed"
  /** The server no longer has the upload: end; the caller may send the file anew. */
  | "gone"
  /** Nothing that this client does would help: end. What has arrived stays, until it expires. */
  | "refused";

/** What follows each reason. A reason that the table does not have does not compile. */
const remedies: Record<UploadProblemReason, Remedy | ((problem: UploadProblem) => Remedy)> = {
  [UploadProblemReason.UNSPECIFIED]: "refused",
  [UploadProblemReason.STALE_WRITER]: "yield",
  [UploadProblemReason.GAP]: "again",
  [UploadProblemReason.OVERLAP]: "file-changed",
  [UploadProblemReason.CHECKSUM]: "again",
  [UploadProblemReason.TOO_LONG]: "file-changed",
  [UploadProblemReason.SIZE]: "again",
  [UploadProblemReason.HASH]: "file-changed",
  [UploadProblemReason.CONFLICT]: "refused",
  [UploadProblemReason.STATE]: ({ state }) => ofState[state] ?? "refused",
  [UploadProblemReason.FILE_LIMIT]: "refused",
  [UploadProblemReason.QUOTA]: "refused",
  [UploadProblemReason.TOO_MANY]: "again",
  [UploadProblemReason.READ_ONLY]: "again",
  [UploadProblemReason.STALLED]: "again",
};

/** What follows when an upload is in a state in which something cannot be done. */
const ofState: Record<UploadState, Remedy> = {
  [UploadState.UNSPECIFIED]: "refused",
  [UploadState.OPEN]: "again",
  [UploadState.VERIFYING]: "finish",
  [UploadState.COMPLETE]: "finish",
  [UploadState.ABORTED]: "gone",
  [UploadState.EXPIRED]: "gone",
  [UploadState.DAMAGED]: "gone",
};

/** Tells what to do about a failure: by its detail where it has one that is known, else by its code. */
export function remedyOf(reason: unknown): Remedy {
  if (reason instanceof FileChangedError) return "file-changed";
  const error = ConnectError.from(reason);
  const problem = problemOf(error);
  const remedy = problem && remedies[problem.reason]; // Undefined too where a newer server has other reasons.
  if (problem !== undefined && remedy !== undefined && problem.reason !== UploadProblemReason.UNSPECIFIED) {
    return typeof remedy === "function" ? remedy(problem) : remedy;
  }
  return isRetryable(error) ? "again" : "refused";
}

/** What the server says is wrong with an upload. Undefined where it says nothing of that kind. */
export function problemOf(reason: unknown): UploadProblem | undefined {
  return ConnectError.from(reason).findDetails(UploadProblemSchema)[0];
}

/** Why an upload has ended without being complete. */
export class UploadFailedError extends Error {
  readonly remedy: "file-changed" | "gone" | "refused";
  /** What the server said, where it was the server. */
  readonly problem: UploadProblem | undefined;
  /** The code of the server's answer; {@link Code.FailedPrecondition} where it was not the server. */
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
