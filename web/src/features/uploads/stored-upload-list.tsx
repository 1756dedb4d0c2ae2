import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import { type Upload, UploadState } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import { formatBytes, locale } from "../../shared/format-values.ts";
import type { UploadsModel } from "./uploads-model.ts";

const addedFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** The table of uploads on the server, from all clients. */
export function StoredUploadList({ model }: { model: UploadsModel }) {
  const { stored, products } = model;
  const { kind, uploads, hasMore, problem } = useSyncExternalStore(stored.subscribe, stored.list);
  const names = useSyncExternalStore(products.subscribe, products.names);
  const [selected, setSelected] = useState<Upload>();
  const title = useRef<HTMLHeadingElement>(null);
  const isNameMissing = uploads.some(({ productId }) => productId !== "" && !names.has(productId));
  useEffect(() => {
    if (isNameMissing) void products.load();
  }, [isNameMissing, products]);
  return (
    <section className="stored" aria-labelledby="stored-title">
      <div className="section-head">
        <h2 id="stored-title" ref={title} tabIndex={-1}>
          On the server
        </h2>
        <p className="quiet" role="status" data-list={kind}>
          {kind === "loading" && uploads.length === 0 ? "Loading…" : ""}
        </p>
        <button type="button" className="ghost" onClick={() => void stored.refresh()}>
          Refresh
        </button>
      </div>
      <p className="problem" role="alert">
        {problem}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable */}
      <section className="scroll" aria-labelledby="stored-title" tabIndex={0}>
        <table className="grid stored-table" aria-busy={kind === "loading"}>
          <thead>
            <tr>
              <th scope="col">
                <span className="unseen">Preview</span>
              </th>
              <th scope="col">Name</th>
              <th scope="col" className="number">
                Size
              </th>
              <th scope="col">Type</th>
              <th scope="col">Product</th>
              <th scope="col">Added</th>
              <th scope="col">
                <span className="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {uploads.map((upload) => (
              <StoredRow
                key={upload.uploadId}
                upload={upload}
                product={names.get(upload.productId) ?? upload.productId}
                onDelete={() => setSelected(upload)}
              />
            ))}
            {uploads.length === 0 && kind === "loaded" && (
              <tr>
                <td colSpan={7} className="quiet">
                  No uploads
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </section>
      {hasMore && (
        <p>
          <button type="button" disabled={kind === "loading"} onClick={() => void stored.loadMore()}>
            Show more
          </button>
        </p>
      )}
      {selected !== undefined && (
        <DeleteDialog
          name={formatName(selected)}
          onDelete={() => void stored.delete(selected.uploadId)}
          onClose={() => {
            setSelected(undefined);
            title.current?.focus(); // the button that opened the dialog may be removed
          }}
        />
      )}
    </section>
  );
}

function StoredRow({ upload, product, onDelete }: { upload: Upload; product: string; onDelete: () => void }) {
  const { uploadId, state, size, committedOffset, contentType, image, createTime } = upload;
  const isComplete = state === UploadState.COMPLETE;
  const name = formatName(upload);
  const path = `/uploads/${uploadId}`;
  return (
    <tr data-stored={uploadId} data-complete={isComplete}>
      <td className="preview">
        {isComplete && image !== undefined && (
          <img src={`${path}/thumbnail`} alt="" width={40} height={40} loading="lazy" decoding="async" />
        )}
      </td>
      <th scope="row" title={name}>
        {name}
      </th>
      <td className="number">{formatBytes(Number(isComplete ? (size ?? 0n) : committedOffset))}</td>
      <td>{isComplete ? formatType(contentType, image) : formatState(state)}</td>
      <td className="product" title={product}>
        {product === "" ? "–" : product}
      </td>
      <td>{createTime === undefined ? "–" : addedFormat.format(timestampDate(createTime))}</td>
      <td className="actions">
        {isComplete && (
          <a href={path} download={upload.fileName} aria-label={`Download ${name}`}>
            Download
          </a>
        )}
        <button type="button" className="ghost" aria-label={`Delete ${name}`} onClick={onDelete}>
          Delete
        </button>
      </td>
    </tr>
  );
}

function formatName({ fileName }: Upload): string {
  return fileName === "" ? "Unnamed file" : fileName;
}

function formatType(contentType: string, image: Upload["image"]): string {
  if (contentType === "application/octet-stream") return "Binary data";
  return image === undefined ? contentType : `${contentType}, ${image.width} × ${image.height}`;
}

function formatState(state: UploadState): string {
  switch (state) {
    case UploadState.OPEN:
      return "In progress";
    case UploadState.VERIFYING:
      return "Verifying";
    case UploadState.DAMAGED:
      return "Damaged";
    default:
      return "–";
  }
}

/** Asks the user to confirm the deletion of an upload. Escape cancels. */
function DeleteDialog(props: { name: string; onDelete: () => void; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="ask" aria-labelledby={id} onClose={props.onClose}>
      <h2 id={id}>Delete “{props.name}”?</h2>
      <p>The file is deleted from the server for all users. This cannot be undone.</p>
      <p className="ask-actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
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
