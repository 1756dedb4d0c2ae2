import { type DragEvent, useEffect, useState, useSyncExternalStore } from "react";
import { DropZone } from "./drop-zone.tsx";
import { ProductChoice } from "./product-choice.tsx";
import { ServerUploadList } from "./server-upload-list.tsx";
import { UploadQueueList } from "./upload-queue-list.tsx";
import type { UploadsSession } from "./uploads-session.ts";
import "./uploads.css";

/** Files on their way to the server, and those that are there. Files may be dropped anywhere on the page. */
export function UploadsPage({ session }: { session: UploadsSession }) {
  const { queue, stored } = session;
  const views = useSyncExternalStore(queue.subscribe, queue.views);
  const problem = useSyncExternalStore(queue.subscribe, queue.problem);
  const [isOver, setIsOver] = useState(false);
  const [folders, setFolders] = useState(false);
  const [productId, setProductId] = useState(() => new URLSearchParams(location.search).get("product") ?? "");
  useEffect(() => {
    const refresh = () => void stored.refresh();
    session.isShown = true;
    refresh();
    addEventListener("focus", refresh);
    return () => {
      session.isShown = false;
      removeEventListener("focus", refresh);
    };
  }, [session, stored]);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    const { files, hasFolder } = filesOf(event.dataTransfer);
    setFolders(hasFolder);
    queue.add(files, productId);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut; the button does the same by keyboard
    <div
      className="uploads"
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        setIsOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsOver(false);
      }}
      onDrop={drop}
    >
      <title>Uploads · Bourse</title>
      <div className="head">
        <h1>Uploads</h1>
        <ProductChoice products={session.products} productId={productId} onChoose={setProductId} />
      </div>
      <DropZone isOver={isOver} onFiles={(files) => queue.add(files, productId)} />
      <p className="problem" role="alert">
        {problem ?? (folders ? "Folders cannot be uploaded: choose the files in them." : "")}
      </p>
      <UploadQueueList session={session} views={views} />
      <ServerUploadList session={session} />
    </div>
  );
}

function filesOf(data: DataTransfer): { files: readonly File[]; hasFolder: boolean } {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const isFolder = (item: DataTransferItem) => item.webkitGetAsEntry()?.isDirectory === true;
  return {
    files: items.filter((item) => !isFolder(item)).flatMap((item) => item.getAsFile() ?? []),
    hasFolder: items.some(isFolder),
  };
}
