import {
  completeFolder,
  openFolder,
  pathOf,
  reconcileFile,
  undoPublish,
  uploadFolders,
} from "./file/file-lifecycle.ts";
import type { UploadDependencies } from "./session/upload-session.ts";
import { reservedBytes } from "./upload-quota.ts";

/** What a recovery found. */
export interface Recovery {
  /** Ids of uploads whose file had lost committed bytes. */
  readonly damaged: readonly string[];
}

type RecoveryDependencies = Pick<
  UploadDependencies,
  "disk" | "hasher" | "health" | "limits" | "nowMicros" | "quota" | "store"
>;

/**
 * Makes the files match their rows after a restart, even after a crash: finishes or undoes interrupted steps, marks
 * damaged uploads, removes files without an upload, and counts the others in the quota. Nothing else may use the store
 * during the recovery.
 */
export async function recoverUploads(dependencies: RecoveryDependencies): Promise<Recovery> {
  const { disk, store, quota, nowMicros } = dependencies;
  for (const folder of uploadFolders) await disk.makeFolder(folder);
  const damaged: string[] = [];
  const expected = new Set<string>();
  for await (const records of store.all()) {
    for (const record of records) {
      const { id, phase, owner, size, committed } = record;
      switch (phase) {
        case "aborted":
        case "expired":
          break; // Their files are removed as files without an upload.
        case "damaged":
          for (const folder of uploadFolders) expected.add(pathOf(id, folder));
          break;
        case "open":
        case "complete":
          if (phase === "open") await undoPublish(id, dependencies);
          expected.add(pathOf(id, phase === "open" ? openFolder : completeFolder));
          if ((await reconcileFile(record, dependencies)) === "damaged") {
            await store.update({ ...record, phase: "damaged", updateMicros: nowMicros() });
            damaged.push(id);
          } else if (phase === "open") {
            quota.load(id, owner, Math.max(reservedBytes(size), committed));
          } else {
            quota.loadComplete(owner, committed);
          }
      }
    }
  }
  await removeStrayFiles(expected, dependencies);
  return { damaged };
}

async function removeStrayFiles(
  expected: ReadonlySet<string>,
  { disk }: Pick<RecoveryDependencies, "disk">,
): Promise<void> {
  for (const folder of uploadFolders) {
    for (const name of await disk.list(folder)) {
      if (!expected.has(`${folder}/${name}`)) await disk.remove(`${folder}/${name}`);
    }
  }
}
