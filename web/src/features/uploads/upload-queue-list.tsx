import { useSyncExternalStore } from "react";
import { Countdown } from "../../shared/countdown.tsx";
import { PhaseMark } from "./phase-mark.tsx";
import { isOver, type QueueView } from "./queue-item.ts";
import { queueFigures, queueSentence } from "./queue-sentence.ts";
import type { UploadQueue } from "./upload-queue.ts";
import type { UploadsSession } from "./uploads-session.ts";

/** The uploads of this window. */
export function UploadQueueList({ session, views }: { session: UploadsSession; views: readonly QueueView[] }) {
  const { queue, products } = session;
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
          <button type="button" className="ghost" onClick={() => queue.tidy()}>
            Clear complete
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
  const title = name === "" ? "A file without a name" : name;
  const share = size === 0 ? (state.kind === "complete" ? 1 : 0) : (progress?.committedBytes ?? 0) / size;
  return (
    <li data-upload={id} data-state={state.kind}>
      <div className="queue-name">
        <PhaseMark state={state} />
        <strong title={title}>{title}</strong>
        {product !== "" && <span className="quiet">for {product}</span>}
      </div>
      <div className="queue-actions">
        <QueueActions queue={queue} view={view} title={title} />
      </div>
      {!isOver(state) && <progress aria-label={`${title}: committed`} max={1} value={share} />}
      <p className="queue-sentence">
        <span aria-live="polite">{queueSentence(state)}</span>{" "}
        {state.kind === "waiting" && <Countdown until={state.retryAt} label="Next attempt in" />}
      </p>
      <p className="queue-figures">{queueFigures(view)}</p>
    </li>
  );
}

function QueueActions({ queue, view, title }: { queue: UploadQueue; view: QueueView; title: string }) {
  const { id, state } = view;
  const main = mainAction(queue, view);
  return (
    <>
      {state.kind === "waiting" && <Action key="retry" name="Retry now" title={title} onClick={() => queue.retry()} />}
      {/* One button whose name changes, so that the keyboard stays on it. */}
      {main && <Action key="main" name={main.name} title={title} onClick={main.run} />}
      {state.kind !== "elsewhere" && (
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
    case "waiting":
    case "verifying":
      return { name: "Pause", run: () => queue.pause(id) };
    case "paused":
      return { name: "Resume", run: () => queue.resume(id) };
    case "taken-over":
      return { name: "Continue here", run: () => queue.takeOver(id) };
    case "failed":
      return { name: "Try again", run: () => queue.again(id) };
    case "recalling":
    case "file-needed":
    case "elsewhere":
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
