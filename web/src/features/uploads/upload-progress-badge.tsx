import { type ReactNode, useSyncExternalStore } from "react";
import type { UploadQueue } from "./upload-queue.ts";
import { isActive, type QueueView } from "./upload-queue-item.ts";

/** The progress of all active uploads in percent, for the navigation. Renders nothing if there are none. */
export function UploadProgressBadge({ queue }: { queue: UploadQueue }): ReactNode {
  const views = useSyncExternalStore(queue.subscribe, queue.views);
  const percent = totalPercent(views);
  if (percent === undefined) return null;
  return <span className="share"> {percent} %</span>;
}

/** Returns the committed share of all active and queued bytes in percent, or undefined if no upload is active. */
export function totalPercent(views: readonly QueueView[]): number | undefined {
  const open = views.filter(({ state }) => isActive(state) || state.kind === "queued");
  if (!open.some(({ state }) => isActive(state))) return undefined;
  const size = open.reduce((sum, view) => sum + view.size, 0);
  const committed = open.reduce((sum, { progress }) => sum + (progress?.committedBytes ?? 0), 0);
  return size === 0 ? 0 : Math.floor((committed / size) * 100);
}
