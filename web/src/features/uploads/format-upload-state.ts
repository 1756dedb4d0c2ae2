import { describeError } from "../../shared/describe-error.ts";
import { formatBytes, formatRemaining } from "../../shared/format-values.ts";
import type { QueueState, QueueView } from "./upload-queue-item.ts";

/** Describes the state of an upload in the queue. */
export function describeUploadState(state: QueueState): string {
  switch (state.kind) {
    case "restoring":
      return "Restoring…";
    case "queued":
      return "Queued";
    case "connecting":
      return "Connecting…";
    case "sending":
      return "Uploading";
    case "reconnecting":
      return `${describeError(state.reason)} The upload resumes automatically.`;
    case "paused":
      return "Paused";
    case "verifying":
      return "Verifying the checksum…";
    case "complete":
      return "Complete, checksum verified";
    case "taken-over":
      return "Another program has taken over this upload.";
    case "other-window":
      return "Another window is uploading this file.";
    case "file-missing":
      return "Choose the file again to resume. It is too large to be kept by the browser.";
    case "failed":
      return describeFailure(state);
  }
}

function describeFailure({ error }: QueueState & { kind: "failed" }): string {
  switch (error.remedy) {
    case "file-changed":
      return "The file has changed since it was added.";
    case "gone":
      return "The server no longer has this upload.";
    case "refused":
      return `The server rejected the upload: ${error.message.replace(/\.$/, "")}.`;
  }
}

/** Formats the progress of an upload: committed bytes, percent, rate and remaining time, as far as they are known. */
export function formatUploadProgress({ state, size, progress }: QueueView): string {
  if (progress === undefined || state.kind === "complete") return formatBytes(size);
  const { committedBytes, bytesPerSecond, remainingMs } = progress;
  const percent = size === 0 ? 0 : Math.floor((committedBytes / size) * 100);
  const parts = [`${formatBytes(committedBytes)} of ${formatBytes(size)}`, `${percent} %`];
  if (state.kind === "sending" && bytesPerSecond > 0) {
    parts.push(`${formatBytes(bytesPerSecond)}/s`);
    if (remainingMs !== undefined) parts.push(formatRemaining(remainingMs));
  }
  return parts.join(" · ");
}
