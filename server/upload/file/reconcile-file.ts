import { completeFolder, openFolder, pathOf, type UploadDependencies } from "../session/upload-dependencies.ts";
import type { Outcome } from "../session/upload-events.ts";
import { decide } from "../session/upload-machine.ts";
import type { UploadRecord } from "../store/upload-record.ts";

/**
 * Makes an upload's file as its row says, which is right: what the file has more was never acknowledged, and is cut off.
 * Resolves to `damaged` where the file has less than was acknowledged, and touches nothing then.
 */
export async function reconcileFile(record: UploadRecord, parts: Reconciled): Promise<"sound" | "damaged"> {
  const { disk } = parts;
  const path = pathOf(record.id, record.phase === "complete" ? completeFolder : openFolder);
  const bytes = await disk.sizeOf(path);
  const outcome = foundOutcome(record, bytes, parts);
  if (outcome.kind === "damage") return "damaged";
  if (outcome.kind === "truncate") {
    parts.hasher.forget(record.id);
    await using file = await disk.open(path, "write");
    await file.truncate(outcome.bytes);
    await parts.health.guard(file.sync());
  } else if (bytes === undefined && record.phase === "open") {
    await createFile(record.id, parts);
  }
  return "sound";
}

type Reconciled = Pick<UploadDependencies, "disk" | "hasher" | "health" | "limits">;

/**
 * Makes the empty file of a new upload. What had its name, a planted link for example, has nothing to do with any. The
 * store is read-only if the folder was removed.
 */
export async function createFile(
  id: string,
  { disk, health }: Pick<UploadDependencies, "disk" | "health">,
): Promise<void> {
  const path = pathOf(id, openFolder);
  await disk.remove(path);
  await using _file = await disk.create(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") health.fail(error); // The folder is gone: so are the files of all uploads.
    throw error;
  });
  await health.guard(disk.syncFolder(openFolder));
}

function foundOutcome(record: UploadRecord, bytes: number | undefined, { limits }: Reconciled): Outcome {
  const { phase, committed, generation } = record;
  return decide({ phase, received: committed, committed, generation }, { kind: "found", bytes }, limits);
}
