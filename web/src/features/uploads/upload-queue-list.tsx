import { useSyncExternalStore } from "react";
import { Countdown } from "../../shared/countdown.tsx";
import { describeUploadState, formatUploadProgress } from "./format-upload-state.ts";
import type { UploadQueue } from "./upload-queue.ts";
import { isFinished, type QueueState, type QueueView } from "./upload-queue-item.ts";
import type { UploadsModel } from "./uploads-model.ts";

/** The uploads of this window. */
export function UploadQueueList({ model, views }: { model: UploadsModel; views: readonly QueueView[] }) {
  const { queue, products } = model;
  const names = useSyncExternalStore(products.subscribe, products.names);
  if (views.length === 0) return null;
  const complete = views.filter(({ state }) => state.kind === "complete").length;
  return (
    <section className="queue" aria-labelledby="queue-title">
      <div className="section-head">
        <h2 id="queue-title">Your uploads</h2>
        <p className="quiet" role="status">
          {complete} of {views.length} complete
        </p>
        {complete > 0 && (
          <button type="button" className="ghost" onClick={() => queue.clearCompleted()}>
            Clear completed
          </button>
        )}
      </div>
      <ul>
        {views.map((view) => (
          <QueueRow key={view.id} queue={queue} view={view} product={names.get(view.productId) ?? view.productId} />
        ))}
      </ul>
    </section>
  );
}

function QueueRow({ queue, view, product }: { queue: UploadQueue; view: QueueView; product: string }) {
  const { id, name, size, state, progress } = view;
  const title = name === "" ? "Unnamed file" : name;
  const share = size === 0 ? (state.kind === "complete" ? 1 : 0) : (progress?.committedBytes ?? 0) / size;
  return (
    <li data-upload={id} data-state={state.kind}>
      <div className="queue-name">
        <StateMark state={state} />
        <strong title={title}>{title}</strong>
        {product !== "" && <span className="quiet">for {product}</span>}
      </div>
      <div className="queue-actions">
        <QueueActions queue={queue} view={view} title={title} />
      </div>
      {!isFinished(state) && <progress aria-label={`${title}: upload progress`} max={1} value={share} />}
      <p className="queue-state">
        <span aria-live="polite">{describeUploadState(state)}</span>{" "}
        {state.kind === "reconnecting" && <Countdown until={state.retryAt} label="Next attempt in" />}
      </p>
      <p className="queue-progress">{formatUploadProgress(view)}</p>
    </li>
  );
}

function QueueActions({ queue, view, title }: { queue: UploadQueue; view: QueueView; title: string }) {
  const { id, state } = view;
  const main = mainAction(queue, view);
  return (
    <>
      {state.kind === "reconnecting" && (
        <Action key="retry" name="Retry now" title={title} onClick={() => queue.retry()} />
      )}
      {/* One button with several names, so that it keeps the keyboard focus. */}
      {main && <Action key="main" name={main.name} title={title} onClick={main.run} />}
      {state.kind !== "other-window" && (
        <Action
          key="end"
          name={state.kind === "complete" ? "Clear" : "Cancel"}
          title={title}
          onClick={() => void queue.cancel(id)}
        />
      )}
    </>
  );
}

function mainAction(queue: UploadQueue, { id, state }: QueueView): { name: string; run: () => void } | undefined {
  switch (state.kind) {
    case "queued":
    case "connecting":
    case "sending":
    case "reconnecting":
    case "verifying":
      return { name: "Pause", run: () => queue.pause(id) };
    case "paused":
      return { name: "Resume", run: () => queue.resume(id) };
    case "taken-over":
      return { name: "Continue here", run: () => queue.takeOver(id) };
    case "failed":
      return { name: "Retry", run: () => queue.retryFailed(id) };
    case "restoring":
    case "file-missing":
    case "other-window":
    case "complete":
      return undefined;
  }
}

function Action({ name, title, onClick }: { name: string; title: string; onClick: () => void }) {
  return (
    <button type="button" className="ghost" aria-label={`${name} ${title}`} onClick={onClick}>
      {name}
    </button>
  );
}

/** A dot whose colour and shape show the state, in addition to the text. */
function StateMark({ state }: { state: QueueState }) {
  return <span className="mark" data-mark={markOf(state)} aria-hidden="true" />;
}

function markOf({ kind }: QueueState): "active" | "inactive" | "attention" | "complete" | "failed" {
  switch (kind) {
    case "connecting":
    case "sending":
    case "verifying":
      return "active";
    case "restoring":
    case "queued":
    case "paused":
    case "other-window":
      return "inactive";
    case "reconnecting":
    case "file-missing":
    case "taken-over":
      return "attention";
    case "complete":
      return "complete";
    case "failed":
      return "failed";
  }
}
