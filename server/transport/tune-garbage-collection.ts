import { setFlagsFromString } from "node:v8";

/** The first Node whose engine has the flag, as far as this was tried; others complain of it on standard error. */
const firstNode = 26;

/**
 * Lets the memory of buffers count as part of the heap. The engine otherwise begins a full collection after every 64 MB
 * of buffers that were made, however short they live: an upload of a gigabyte a second, which Node reads into buffers,
 * spends half of its time on that. As a part of the heap they are found dead by the collections of young objects.
 *
 * It is a setting of the whole process, so that a program makes it and no library: call it once, at the start.
 */
export function tuneGarbageCollection(): void {
  if (Number.parseInt(process.versions.node, 10) < firstNode) return;
  setFlagsFromString("--external-memory-accounted-in-global-limit");
}
