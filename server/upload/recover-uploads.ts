import { reconcileFile } from "./file/reconcile-file.ts";
import {
  completeFolder,
  uploadFolders as folders,
  openFolder,
  pathOf,
  type UploadDependencies,
} from "./session/upload-dependencies.ts";
import type { UploadRecord } from "./store/upload-record.ts";
import { reservedBytes } from "./upload-quota.ts";

/** What was found when the store was opened. */
export interface Recovery {
  /** How many uploads go on. */
  readonly open: number;
  readonly complete: number;
  /** Ids of uploads whose file has less than was acknowledged. */
  readonly damaged: readonly string[];
  /** How many files had no upload, and were removed. */
  readonly strayFiles: number;
}

/** Makes the files as the rows say after the server has ended, however it did. Nothing else may use the store meanwhile. */
export async function recoverUploads(parts: UploadDependencies): Promise<Recovery> {
  const { disk, store, quota, nowMicros } = parts;
  for (const folder of folders) await disk.makeFolder(folder);
  const damaged: string[] = [];
  let [open, complete] = [0, 0];
  const kept = new Set<string>();
  for await (const records of store.all()) {
    for (const record of records) {
      if (record.phase === "damaged") for (const folder of folders) kept.add(pathOf(record.id, folder));
      if (record.phase !== "open" && record.phase !== "complete") continue;
      if (record.phase === "open") await takeBack(record, parts);
      const path = pathOf(record.id, record.phase === "open" ? openFolder : completeFolder);
      if ((await reconcileFile(record, parts)) === "damaged") {
        await store.update({ ...record, phase: "damaged", updateMicros: nowMicros() });
        damaged.push(record.id);
      } else if (record.phase === "open") {
        quota.load(record.id, record.owner, Math.max(reservedBytes(record.size), record.committed));
        open++;
      } else {
        quota.loadComplete(record.owner, record.committed);
        complete++;
      }
      kept.add(path);
    }
  }
  const strayFiles = await removeStrays(kept, parts);
  return { open, complete, damaged, strayFiles };
}

/** A file that got its final name just before the end, but not the row that says that it is complete. */
async function takeBack({ id }: UploadRecord, { disk }: UploadDependencies): Promise<void> {
  const [from, to] = [pathOf(id, completeFolder), pathOf(id, openFolder)];
  if ((await disk.sizeOf(from)) === undefined || (await disk.sizeOf(to)) !== undefined) return;
  await disk.rename(from, to);
  await disk.syncFolder(openFolder);
  await disk.syncFolder(completeFolder);
}

async function removeStrays(kept: ReadonlySet<string>, { disk }: UploadDependencies): Promise<number> {
  let count = 0;
  for (const folder of folders) {
    for (const name of await disk.list(folder)) {
      if (kept.has(`${folder}/${name}`)) continue;
      await disk.remove(`${folder}/${name}`);
      count++;
    }
  }
  return count;
}
