import { setTimeout as delay } from "node:timers/promises";
import type { BourseProcess } from "../start-bourse.ts";

/** The memory of another process's V8, in bytes. */
export interface HeapUse {
  /** The heap, with live objects and garbage. */
  readonly used: number;
  /** The buffers outside of the heap. */
  readonly buffers: number;
}

/** Measures the memory of another process through its inspector. */
export interface HeapProbe extends Disposable {
  use(): Promise<HeapUse>;
  /** Measures the live heap, after a garbage collection. */
  liveUse(): Promise<HeapUse>;
}

/** The flags of the server, with which its inspector uses a free port. */
export const heapProbeFlags = ["--inspect-port=127.0.0.1:0"] as const;

const openMs = 30_000;
const lookMs = 50;

/**
 * Opens the inspector of a running server with SIGUSR1: https://nodejs.org/api/process.html#signal-events. The server
 * must have been started with {@link heapProbeFlags}.
 */
export async function openHeapProbe({ process: server, log }: BourseProcess): Promise<HeapProbe> {
  server.kill("SIGUSR1");
  const socket = new WebSocket(await addressIn(log));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let sent = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(String(data));
    const answer = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(new Error(error.message));
  });
  socket.addEventListener("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("the server has closed its inspector"));
    waiting.clear();
  });

  function ask(method: string): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(++sent, answer);
    socket.send(JSON.stringify({ id: sent, method }));
    return answer.promise;
  }

  async function use(): Promise<HeapUse> {
    const usage = (await ask("Runtime.getHeapUsage")) as { usedSize: number; backingStorageSize?: number };
    return { used: usage.usedSize, buffers: usage.backingStorageSize ?? 0 };
  }

  return {
    use,
    async liveUse() {
      await ask("HeapProfiler.collectGarbage");
      return use();
    },
    [Symbol.dispose]() {
      socket.close();
    },
  };
}

/** Returns the address that Node prints to standard error. */
async function addressIn(log: () => string): Promise<string> {
  for (const deadline = performance.now() + openMs; performance.now() < deadline; await delay(lookMs)) {
    const address = /Debugger listening on (ws:\S+)/.exec(log())?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`the server has not opened its inspector within ${openMs} ms: ${log().slice(-1_000)}`);
}
