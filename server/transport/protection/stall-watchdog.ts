import type { EventEmitter } from "node:events";

/** The side of a response that is written to: a response of HTTP/1.1, or a stream of HTTP/2. */
export interface StallableWritable extends Pick<EventEmitter, "on" | "once"> {
  /** The bytes that are written and not handed to the network yet. */
  readonly writableLength: number;
  readonly destroyed: boolean;
}

/** How often progress is checked within a timeout: a stall is found at most a fourth of the timeout late. */
const checksPerTimeout = 4;

/**
 * Calls `onStall` once if the client takes no byte of a response for `timeoutMs` although some are buffered. Only
 * progress counts, not the total time: a slow client that reads is fine, and so is a server that has nothing to send.
 *
 * For responses that other code writes. {@link drained} does the same for a single write. Ends with the writable.
 */
export function watchForStall(writable: StallableWritable, timeoutMs: number, onStall: () => void): void {
  if (writable.destroyed) return;
  let bufferedBytes = 0;
  let progressAt = performance.now();
  const onProgress = () => {
    progressAt = performance.now();
  };
  const timer = setInterval(() => {
    const { writableLength } = writable;
    if (writableLength === 0 || writableLength !== bufferedBytes) onProgress();
    bufferedBytes = writableLength;
    if (performance.now() - progressAt < timeoutMs) return;
    clearInterval(timer);
    onStall();
  }, timeoutMs / checksPerTimeout);
  timer.unref();
  // A source that is piped is written in equal parts: the length alone does not show that one of them has left.
  writable.on("drain", onProgress);
  writable.once("close", () => clearInterval(timer));
}
