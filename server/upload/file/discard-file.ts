import { StoreFullError } from "../../storage/storage-errors.ts";
import { completeFolder, openFolder, pathOf, type UploadDependencies } from "../session/upload-dependencies.ts";
import type { UploadStatus } from "../session/upload-status.ts";
import type { UploadFile } from "./upload-file.ts";

/**
 * Gives a file up: its row says so, then `onStored` is called, and then its bytes are deleted.
 *
 * Where the store is full the bytes go first, which makes room for the row. After a crash in between the upload is
 * damaged, and can be aborted.
 */
export async function discardFile(
  standing: UploadStatus,
  file: UploadFile,
  parts: UploadDependencies,
  { phase, onStored }: { readonly phase: "aborted" | "expired"; readonly onStored: () => void },
): Promise<void> {
  const { id } = standing.record;
  try {
    await standing.store({ phase });
  } catch (error) {
    if (!(error instanceof StoreFullError)) throw error;
    await remove(id, file, parts);
    await standing.store({ phase });
  }
  onStored();
  await remove(id, file, parts);
}

async function remove(id: string, file: UploadFile, { disk, hasher }: UploadDependencies): Promise<void> {
  await file.close();
  hasher.forget(id);
  for (const folder of [openFolder, completeFolder] as const) await disk.remove(pathOf(id, folder));
}
