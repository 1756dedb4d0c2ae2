import { type ReactNode, useSyncExternalStore } from "react";
import { isActive, type QueueView } from "./queue-item.ts";
import type { UploadQueue } from "./upload-queue.ts";

/** How far the uploads under way have come, for the link to their page. Nothing where there are none. */
export function UploadsShare({ queue }: { queue: UploadQueue }): ReactNode {
  const views = useSyncExternalStore(queue.subscribe, queue.views);
  const share = shareOf(views);
  if (share === undefined) return null;
  return <span className="share"> {share} %</span>;
}

/** The percentage that is committed of all that is on its way. Undefined where nothing is. */
export function shareOf(views: readonly QueueView[]): number | undefined {
  const open = views.filter(({ state }) => isActive(state) || state.kind === "queued");
  if (!open.some(({ state }) => isActive(state))) return undefined;
  const size = open.reduce((sum, view) => sum + view.size, 0);
  const committed = open.reduce((sum, { progress }) => sum + (progress?.committedBytes ?? 0), 0);
  return size === 0 ? 0 : Math.floor((committed / size) * 100);
}
