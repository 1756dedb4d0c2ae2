import { useId, useRef } from "react";
import { formatBytes } from "../../shared/format-values.ts";
import { maxCachedFileBytes } from "./file-cache.ts";

/** The drop area for files, with a button that opens the file picker. */
export function DropZone(props: { isDragging: boolean; onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  return (
    <section className="drop-zone" data-dragging={props.isDragging} aria-label="Add files">
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-hidden="true"
        tabIndex={-1}
        onChange={({ target }) => {
          props.onFiles([...(target.files ?? [])]);
          target.value = ""; // lets the user choose the same file again
        }}
      />
      <p>
        <button type="button" aria-describedby={id} onClick={() => input.current?.click()}>
          Choose files
        </button>{" "}
        <span>or drop them here</span>
      </p>
      <p className="quiet" id={id}>
        An upload resumes after a lost connection and after a reload of this page. For a reload, the browser keeps files
        of up to {formatBytes(maxCachedFileBytes)}. Choose larger files again; only the missing part is sent.
      </p>
    </section>
  );
}
