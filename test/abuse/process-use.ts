import { readdirSync, readFileSync } from "node:fs";

/** What a process uses, as Linux tells it. */
export interface ProcessUse {
  /** Bytes of memory. */
  readonly rss: number;
  readonly fileDescriptors: number;
  /** Milliseconds of processor time since it began. */
  readonly cpuMs: number;
}

const pageBytes = 4096;
const tickMs = 10;

/** Reads what a process uses now. Throws where there is no such process, or no Linux. */
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
