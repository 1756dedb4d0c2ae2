import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { type Upload, UploadState } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import { formatBytes } from "../../shared/format-bytes.ts";
import { locale } from "../../shared/locale.ts";
import { DeleteDialog } from "./delete-dialog.tsx";
import type { UploadsSession } from "./uploads-session.ts";

const added = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** What the server has, from whichever client it came. */
export function ServerUploadList({ session }: { session: UploadsSession }) {
  const { stored, products } = session;
  const { kind, uploads, hasMore, problem } = useSyncExternalStore(stored.subscribe, stored.list);
  const names = useSyncExternalStore(products.subscribe, products.names);
  const [doomed, setDoomed] = useState<Upload>();
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the keyboard's focus */}
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
              <th scope="col">Kind</th>
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
                onDelete={() => setDoomed(upload)}
              />
            ))}
            {uploads.length === 0 && kind === "loaded" && (
              <tr>
                <td colSpan={7} className="quiet">
                  Nothing yet.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </section>
      {hasMore && (
        <p>
          <button type="button" disabled={kind === "loading"} onClick={() => void stored.more()}>
            Show more
          </button>
        </p>
      )}
      {doomed !== undefined && (
        <DeleteDialog
          name={nameOf(doomed)}
          onDelete={() => void stored.remove(doomed.uploadId)}
          onClose={() => {
            setDoomed(undefined);
            title.current?.focus(); // The button that opened it may be gone.
          }}
        />
      )}
    </section>
  );
}

function StoredRow({ upload, product, onDelete }: { upload: Upload; product: string; onDelete: () => void }) {
  const { uploadId, state, size, committedOffset, contentType, image, createTime } = upload;
  const isComplete = state === UploadState.COMPLETE;
  const name = nameOf(upload);
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
      <td>{isComplete ? kindOf(contentType, image) : stateText(state)}</td>
      <td className="product" title={product}>
        {product === "" ? "–" : product}
      </td>
      <td>{createTime === undefined ? "–" : added.format(timestampDate(createTime))}</td>
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

function nameOf({ fileName }: Upload): string {
  return fileName === "" ? "(no name)" : fileName;
}

function kindOf(contentType: string, image: Upload["image"]): string {
  if (contentType === "application/octet-stream") return "Data";
  return image === undefined ? contentType : `${contentType}, ${image.width} × ${image.height}`;
}

function stateText(state: UploadState): string {
  switch (state) {
    case UploadState.OPEN:
      return "On the way";
    case UploadState.VERIFYING:
      return "Being verified";
    case UploadState.DAMAGED:
      return "Damaged";
    default:
      return "–";
  }
}
