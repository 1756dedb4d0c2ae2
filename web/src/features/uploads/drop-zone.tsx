import { useId, useRef } from "react";
import { formatBytes } from "../../shared/format-bytes.ts";
import { maxKeptFileBytes } from "./file-keeper.ts";

/** Where files are dropped, with a button that opens the browser's own choice of files. */
export function DropZone(props: { isOver: boolean; onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  return (
    <section className="drop-zone" data-over={props.isOver} aria-label="Add files">
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-hidden="true"
        tabIndex={-1}
        onChange={({ target }) => {
          props.onFiles([...(target.files ?? [])]);
          target.value = ""; // So that the same file can be chosen again.
        }}
      />
      <p>
        <button type="button" aria-describedby={id} onClick={() => input.current?.click()}>
          Choose files
        </button>{" "}
        <span>or drop them here</span>
      </p>
      <p className="quiet" id={id}>
        An upload goes on after a lost connection, and after this page is loaded again. The browser keeps files up to{" "}
        {formatBytes(maxKeptFileBytes)} for that; larger ones it asks you to choose again, and only what is missing is
        sent.
      </p>
    </section>
  );
}
