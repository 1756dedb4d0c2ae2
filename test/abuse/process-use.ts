import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** The resources that a process uses, as reported by Linux. */
export interface ProcessUse {
  /** Bytes of memory. */
  readonly rss: number;
  readonly fileDescriptors: number;
  /** The processor time since the start of the process, in milliseconds. */
  readonly cpuMs: number;
}

const pageBytes = 4096;
const tickMs = 10;

/** Reads the current use of a process. Throws if the process does not exist, or the system is not Linux. */
export function readProcessUse(pid: number): ProcessUse {
  const statm = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
  // The text before the closing bracket contains the name of the program, which can contain spaces.
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return {
    rss: Number(statm[1]) * pageBytes,
    fileDescriptors: readdirSync(`/proc/${pid}/fd`).length,
    cpuMs: (Number(stat[11]) + Number(stat[12])) * tickMs,
  };
}

/**
 * Resets the peak memory of a process, from which {@link readPeakRss} measures: proc(5), clear_refs. Throws if the
 * process does not exist.
 */
export function resetPeakRss(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Returns the peak memory of a process since {@link resetPeakRss}, in bytes. Throws if the process does not exist. */
export function readPeakRss(pid: number): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  return Number(kibibytes) * 1024;
}
