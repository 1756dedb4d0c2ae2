import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** The resources that a process uses, as reported by Linux. */
export interface ProcessUse {
  /** Bytes of memory. */
  readonly rss: number;
  readonly fileDescriptors: number;
  /** Milliseconds of processor time since it began. */
  readonly cpuMs: number;
}

const pageBytes = 4096;
const tickMs = 10;

/** Reads the current use of a process. Throws if the process does not exist, or the system is not Linux. */
export function readProcessUse(pid: number): ProcessUse {
  const statm = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
  // What precedes the closing bracket is the name of the program, which may contain blanks.
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return {
    rss: Number(statm[1]) * pageBytes,
    fileDescriptors: readdirSync(`/proc/${pid}/fd`).length,
    cpuMs: (Number(stat[11]) + Number(stat[12])) * tickMs,
  };
}

/**
 * Makes the process's peak memory what it uses now, so that {@link readPeakRss} counts from here: proc(5), clear_refs.
 * Throws if there is no such process.
 */
export function resetPeakRss(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** The peak memory of the process since {@link resetPeakRss}, in bytes. Throws if there is no such process. */
export function readPeakRss(pid: number): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  return Number(kibibytes) * 1024;
}
