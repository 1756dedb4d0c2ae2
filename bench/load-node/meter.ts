import { readdirSync, readFileSync } from "node:fs";
import type { LoadResult } from "./load-result.ts";

const nanosPerSecond = 1e9;

interface Usage {
  readonly ran: number;
  readonly waited: number;
}

/**
 * Measures how busy this process and the server are between the start of the meter and `stop`. Linux counts, for each
 * thread, the nanoseconds for which it ran, and those for which it waited for a core.
 */
export class Meter {
  readonly #pid: number;
  readonly #server: Usage;
  readonly #self: Usage;
  readonly #start = performance.now();

  constructor(pid: number) {
    this.#pid = pid;
    this.#server = usageOf(pid);
    this.#self = usageOf(process.pid);
  }

  /** @param operations the number of operations since the start */
  stop(operations: number): LoadResult {
    const seconds = (performance.now() - this.#start) / 1000;
    const server = usageOf(this.#pid);
    return {
      seconds,
      operations,
      serverSeconds: server.ran - this.#server.ran,
      serverBusy: busy(this.#server, server, seconds),
      clientBusy: busy(this.#self, usageOf(process.pid), seconds),
    };
  }
}

/** Returns at most 1. The sum can be larger, because threads of a process wait at the same time. */
function busy(from: Usage, to: Usage, seconds: number): number {
  return Math.min(1, (to.ran - from.ran + to.waited - from.waited) / seconds);
}

function usageOf(pid: number): Usage {
  let ran = 0;
  let waited = 0;
  for (const thread of threadsOf(pid)) {
    const [threadRan = 0, threadWaited = 0] = readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`)
      .split(" ")
      .map(Number);
    ran += threadRan / nanosPerSecond;
    waited += threadWaited / nanosPerSecond;
  }
  return { ran, waited };
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Returns an empty text if the file does not exist: a thread can end at any time, and only Linux has these files. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
