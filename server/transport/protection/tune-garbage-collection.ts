import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The first version of Node that has the V8 options. Earlier ones print a warning. */
const firstNode = 26;

/**
 * Sets V8's options for garbage collection in a server with long streams.
 *
 * - The memory of buffers counts as part of the heap. By default V8 starts a full collection after every 64 MB of new
 *   buffers, even short-lived ones: an upload of a gigabyte a second, which Node reads into buffers, spends half of
 *   its time on that. As part of the heap they are freed by the collections of the young generation.
 * - All objects are allocated in the young generation. By default V8 allocates an object in the old generation if many from
 *   the same code have survived. The objects of a quiet stream survive, and the same code allocates them for a busy stream,
 *   where they live for milliseconds. They filled the old generation with 50 MB a second
 *   (docs/decisions/0010-young-generation.md).
 * - The heap of a small server may grow to four times the size of its live objects before a full collection. By default V8
 *   chooses a factor between 1.1 and 4, and the buffers of one upload cause a full collection every 30 MB.
 *
 * The options are those of the whole process, so a program sets them, not a library: call it once, at the start.
 */
export function tuneGarbageCollection(): void {
  if (Number.parseInt(process.versions.node, 10) < firstNode) return;
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString("--heap-growing-percent=300");
}

/**
 * Frees the memory that is no longer used after the start of a program, and returns it to the system: about 10 MB of the
 * peak of a server. Blocks the process for about 50 ms: call it once, after the start.
 */
export function collectGarbageOnce(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { execution: "sync"; flavor: "last-resort" }) => void;
  collect({ execution: "sync", flavor: "last-resort" });
}
