import { useEffect, useId, useRef } from "react";

/** Asks whether an upload is really to be deleted. Escape and a click on "Keep" close it. */
export function DeleteDialog(props: { name: string; onDelete: () => void; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="ask" aria-labelledby={id} onClose={props.onClose}>
      <h2 id={id}>Delete “{props.name}”?</h2>
      <p>The server deletes the file at once, for everybody. This cannot be undone.</p>
      <p className="ask-actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          Keep
        </button>
        <button
          type="button"
          className="danger"
          onClick={() => {
            props.onDelete();
            dialog.current?.close();
          }}
        >
          Delete
        </button>
      </p>
    </dialog>
  );
}
