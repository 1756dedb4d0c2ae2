import type { QueueState } from "./queue-item.ts";

/** A dot whose colour and shape tell how an upload is; the words beside it say it too. */
export function PhaseMark({ state }: { state: QueueState }) {
  return <span className="mark" data-mark={markOf(state)} aria-hidden="true" />;
}

function markOf({ kind }: QueueState): "busy" | "still" | "wait" | "done" | "bad" {
  switch (kind) {
    case "connecting":
    case "sending":
    case "verifying":
      return "busy";
    case "recalling":
    case "queued":
    case "paused":
    case "elsewhere":
      return "still";
    case "waiting":
    case "file-needed":
    case "taken-over":
      return "wait";
    case "complete":
      return "done";
    case "failed":
      return "bad";
  }
}
