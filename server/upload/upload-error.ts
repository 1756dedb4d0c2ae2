import { create } from "@bufbuild/protobuf";
import {
  UploadProblemReason as Reason,
  UploadState as State,
  UploadProblemSchema,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadError } from "../domain-errors.ts";
import type { Problem } from "./upload-events.ts";
import type { UploadPhase } from "./upload-record.ts";

/** Each phase as the protos have it. */
export const stateOf: Record<UploadPhase, State> = {
  open: State.OPEN,
  verifying: State.VERIFYING,
  complete: State.COMPLETE,
  aborted: State.ABORTED,
  expired: State.EXPIRED,
  damaged: State.DAMAGED,
};

/** The error of a request that is refused, with how the upload stands. `message` says what was wrong and what to do. */
export function uploadError(
  id: string,
  { committed, phase }: { readonly committed: number; readonly phase?: UploadPhase },
  problem: Problem,
  message: string,
): UploadError {
  const detail = create(UploadProblemSchema, {
    reason: Reason[problem],
    uploadId: id,
    committedOffset: BigInt(committed),
    state: phase === undefined ? State.UNSPECIFIED : stateOf[phase],
  });
  return new UploadError(detail, message);
}

/** What is said where the disk has failed. */
export const readOnlyMessage =
  "the server's disk has failed to keep what it was given: nothing more is stored until the server is started anew; what was committed before stays";
