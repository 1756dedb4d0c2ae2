import type { StoreHealth } from "../../storage/store-health.ts";
import type { Hasher } from "../hash/hasher.ts";
import { decide, type MachineLimits } from "../session/upload-state-machine.ts";
import type { UploadRecord } from "../store/upload-record.ts";
import type { Disk, DiskFile } from "./disk-operations.ts";

/** The folder of files that are not complete. */
export const openFolder = "open";

/** The folder of complete files. A file in it is complete if its row has the phase `complete`. */
export const completeFolder = "complete";

/** Both folders. */
export const uploadFolders = [openFolder, completeFolder] as const;

/** The path of an upload's file. The id, a UUID, is the only part that a client chooses. */
export function pathOf(id: string, folder: (typeof uploadFolders)[number]): string {
  return `${folder}/${id}`;
}

export interface FolderDependencies {
  readonly disk: Disk;
  readonly hasher: Hasher;
  /** Becomes read-only if a sync fails. */
  readonly health: StoreHealth;
  readonly limits: MachineLimits;
}

/**
 * Creates the empty file of a new upload and removes a file or link that has its name. If the folder is missing, the
 * store becomes read-only: the files of all uploads are missing, too.
 */
export async function createFile(
  id: string,
  { disk, health }: Pick<FolderDependencies, "disk" | "health">,
): Promise<void> {
  const path = pathOf(id, openFolder);
  await disk.remove(path);
  await using _file = await disk.create(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") health.fail(error);
    throw error;
  });
  await health.guard(disk.syncFolder(openFolder));
}

/**
 * Makes the file match its row: cuts off bytes after the committed offset, which were never acknowledged, and creates the
 * file if it is missing and empty. Resolves to `damaged`, and changes nothing, if committed bytes are missing.
 */
export async function reconcileFile(
  record: UploadRecord,
  dependencies: FolderDependencies,
): Promise<"sound" | "damaged"> {
  const { disk, hasher, health, limits } = dependencies;
  const { id, phase, committed, generation } = record;
  const path = pathOf(id, phase === "complete" ? completeFolder : openFolder);
  const bytes = await disk.sizeOf(path);
  const state = { phase, received: committed, committed, generation };
  const outcome = decide(state, { kind: "fileChecked", bytes }, limits);
  switch (outcome.kind) {
    case "markDamaged":
      return "damaged";
    case "truncate": {
      hasher.forget(id);
      await using file = await disk.open(path, "write");
      await file.truncate(outcome.bytes);
      await health.guard(file.sync());
      return "sound";
    }
    case "none":
      if (bytes === undefined && phase === "open") await createFile(id, dependencies);
      return "sound";
  }
}

/**
 * Publishes a file: syncs it, moves it into the folder of complete files, syncs both folders, then saves its row with
 * `save`. If a step fails, the file is moved back and the upload stays open. After a crash between the move and the row,
 * {@link undoPublish} moves the file back.
 *
 * @param length the committed bytes; more can be in the file after a write that failed half-way
 */
export async function publishFile(
  id: string,
  file: DiskFile,
  length: number,
  { disk, health }: Pick<FolderDependencies, "disk" | "health">,
  save: () => Promise<void>,
): Promise<void> {
  const [from, to] = [pathOf(id, openFolder), pathOf(id, completeFolder)];
  if (((await disk.sizeOf(from)) ?? 0) > length) await file.truncate(length);
  await health.guard(file.sync());
  await disk.rename(from, to);
  try {
    await health.guard(disk.syncFolder(completeFolder));
    await health.guard(disk.syncFolder(openFolder));
    await save();
  } catch (error) {
    await disk.rename(to, from);
    throw error;
  }
}

/** Moves the file of an open upload back that was moved by {@link publishFile} before a crash. */
export async function undoPublish(id: string, { disk }: Pick<FolderDependencies, "disk">): Promise<void> {
  const [from, to] = [pathOf(id, completeFolder), pathOf(id, openFolder)];
  if ((await disk.sizeOf(from)) === undefined || (await disk.sizeOf(to)) !== undefined) return;
  await disk.rename(from, to);
  await disk.syncFolder(openFolder);
  await disk.syncFolder(completeFolder);
}

/** Deletes the file from both folders. */
export async function removeFile(id: string, { disk }: Pick<FolderDependencies, "disk">): Promise<void> {
  for (const folder of uploadFolders) await disk.remove(pathOf(id, folder));
}
