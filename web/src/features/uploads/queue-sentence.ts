import { errorSentence } from "../../shared/error-sentence.ts";
import { formatBytes } from "../../shared/format-bytes.ts";
import { formatRemaining } from "../../shared/format-remaining.ts";
import type { QueueState, QueueView } from "./queue-item.ts";

/** Tells in words how an upload is. */
export function queueSentence(state: QueueState): string {
  switch (state.kind) {
    case "recalling":
      return "Looking for the file…";
    case "queued":
      return "Waits for its turn";
    case "connecting":
      return "Connecting…";
    case "sending":
      return "Uploading";
    case "waiting":
      return `Waiting: ${errorSentence(state.reason)} It goes on by itself.`;
    case "paused":
      return "Paused";
    case "verifying":
      return "Verifying the checksum…";
    case "complete":
      return "Complete, checksum verified";
    case "taken-over":
      return "Another program has gone on with this upload.";
    case "elsewhere":
      return "Another window is uploading this.";
    case "file-needed":
      return "Choose the file again to go on: it is too large for the browser to have kept.";
    case "failed":
      return failedSentence(state);
  }
}

function failedSentence({ error }: QueueState & { kind: "failed" }): string {
  switch (error.remedy) {
    case "file-changed":
      return "The file has changed since it was added.";
    case "gone":
      return "The server no longer has what was sent of it.";
    case "refused":
      return `The server did not take it: ${error.message.replace(/\.$/, "")}.`;
  }
}

/** Tells in figures how far an upload has come: how much, how fast, and how long it still takes. */
export function queueFigures({ state, size, progress }: QueueView): string {
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
