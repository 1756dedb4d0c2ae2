import { UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";

/** The states of uploads by their name in options and output. */
export const uploadStates = {
  open: UploadState.OPEN,
  verifying: UploadState.VERIFYING,
  complete: UploadState.COMPLETE,
  aborted: UploadState.ABORTED,
  expired: UploadState.EXPIRED,
  damaged: UploadState.DAMAGED,
} as const;

export type UploadStateName = keyof typeof uploadStates;

/** Formats a state. A state that this version does not know is a number. */
export function formatUploadState(state: UploadState): string {
  return Object.entries(uploadStates).find(([, value]) => value === state)?.[0] ?? String(state);
}
