import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The first Node whose engine has the flags, as far as this was tried; others complain of them on standard error. */
const firstNode = 26;

/**
 * Sets up the engine's garbage collection for streams that never end.
 *
 * - The memory of buffers counts as part of the heap. The engine otherwise begins a full collection after every 64 MB of
 *   buffers that were made, however short they live: an upload of a gigabyte a second, which Node reads into buffers,
 *   spends half of its time on that. As a part of the heap they are found dead by the collections of young objects.
 * - Objects are young when they are made. The engine otherwise makes an object old at once where it has seen many from
 *   the same place in the code live on, with all that is put into it. What belongs to a quiet stream lives on, and the
 *   same code makes it for a busy one, where it dies within milliseconds: that filled the memory of old objects with
 *   50 MB a second, and what they hold had to be copied until a full collection found them dead.
 * - The memory of a small server may grow to four times what was alive, before a full collection. The engine otherwise
 *   chooses between 1.1 and 4, and the young buffers of one upload set off a full collection every 30 MB.
 *
 * They are settings of the whole process, so that a program makes them and no library: call it once, at the start.
 */
export function tuneGarbageCollection(): void {
  if (Number.parseInt(process.versions.node, 10) < firstNode) return;
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString("--heap-growing-percent=300");
}

/**
 * Collects all that loading a program has left behind, and gives the memory back to the system: some 10 MB less at the
 * most that a server takes. Stops the process for about 50 ms: call it once, when it has started.
 */
export function collectGarbageOnce(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { execution: "sync"; flavor: "last-resort" }) => void;
  collect({ execution: "sync", flavor: "last-resort" });
}
