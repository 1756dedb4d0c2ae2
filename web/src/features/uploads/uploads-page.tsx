import { type DragEvent, useEffect, useState, useSyncExternalStore } from "react";
import { DropZone } from "./drop-zone.tsx";
import { ProductPicker } from "./product-picker.tsx";
import { StoredUploadList } from "./stored-upload-list.tsx";
import { UploadQueueList } from "./upload-queue-list.tsx";
import type { UploadsModel } from "./uploads-model.ts";
import "./uploads.css";

/** The upload queue of this window, and the uploads on the server. Files can be dropped anywhere on the page. */
export function UploadsPage({ model }: { model: UploadsModel }) {
  const { queue, stored } = model;
  const views = useSyncExternalStore(queue.subscribe, queue.views);
  const problem = useSyncExternalStore(queue.subscribe, queue.problem);
  const [isDragging, setIsDragging] = useState(false);
  const [hasFolder, setHasFolder] = useState(false);
  const [productId, setProductId] = useState(() => new URLSearchParams(location.search).get("product") ?? "");
  useEffect(() => {
    const refresh = () => void stored.refresh();
    model.isShown = true;
    refresh();
    addEventListener("focus", refresh);
    return () => {
      model.isShown = false;
      removeEventListener("focus", refresh);
    };
  }, [model, stored]);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsDragging(false);
    const dropped = readFiles(event.dataTransfer);
    setHasFolder(dropped.hasFolder);
    queue.add(dropped.files, productId);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button is the keyboard alternative to dropping files
    <div
      className="uploads"
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        setIsDragging(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsDragging(false);
      }}
      onDrop={drop}
    >
      <title>Uploads · Bourse</title>
      <div className="head">
        <h1>Uploads</h1>
        <ProductPicker products={model.products} productId={productId} onSelect={setProductId} />
      </div>
      <DropZone isDragging={isDragging} onFiles={(files) => queue.add(files, productId)} />
      <p className="problem" role="alert">
        {problem ?? (hasFolder ? "Folders cannot be uploaded. Choose the files in them." : "")}
      </p>
      <UploadQueueList model={model} views={views} />
      <StoredUploadList model={model} />
    </div>
  );
}

function readFiles(data: DataTransfer): { files: readonly File[]; hasFolder: boolean } {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const isFolder = (item: DataTransferItem) => item.webkitGetAsEntry()?.isDirectory === true;
  return {
    files: items.filter((item) => !isFolder(item)).flatMap((item) => item.getAsFile() ?? []),
    hasFolder: items.some(isFolder),
  };
}
