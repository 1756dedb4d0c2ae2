import { completeFolder, openFolder, pathOf, type UploadDependencies } from "../session/upload-dependencies.ts";
import type { UploadRecord } from "../store/upload-record.ts";
import type { DiskFile } from "./disk.ts";

/**
 * Makes a whole file visible: it is safe on the disk and has its final name before its row says that it is complete, and
 * that row is safe when this resolves to it. Where anything fails, the upload stays as it was.
 *
 * A crash in between leaves the final name without such a row: recovery takes it back.
 */
export async function publishFile(
  record: UploadRecord,
  file: DiskFile,
  parts: UploadDependencies,
): Promise<UploadRecord> {
  const { disk, health, store } = parts;
  const [from, to] = [pathOf(record.id, openFolder), pathOf(record.id, completeFolder)];
  // A write that the disk refused half-way may have left more, and nobody has written that place since.
  if (((await disk.sizeOf(from)) ?? 0) > record.committed) await file.truncate(record.committed);
  await health.guard(file.sync());
  const complete = { ...record, ...(await parts.inspect(file, record.committed, record.owner)) };
  await disk.rename(from, to);
  try {
    await health.guard(disk.syncFolder(completeFolder));
    await health.guard(disk.syncFolder(openFolder));
    await store.update(complete);
    return complete;
  } catch (error) {
    await disk.rename(to, from);
    throw error;
  }
}
