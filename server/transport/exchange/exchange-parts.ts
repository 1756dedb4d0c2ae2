import type { Writable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallMemory } from "../protection/call-memory.ts";
import type { Limits } from "../protection/limits.ts";
import { stalled } from "../protection/stalled-streams.ts";

/** What a handler's signal says when its client has gone away. */
export function clientGone(how: string): ConnectError {
  return new ConnectError(`the client went away: ${how}`, Code.Canceled);
}

/** A write for which its client does not keep up. */
export interface BlockedWrite {
  readonly bytes: number;
  /** Where they count until they are read. */
  readonly memory: CallMemory;
  readonly limits: Limits;
}

/** Resolves when a stream has sent what was written to it; rejects if it closes first, or sends nothing for too long. */
export function drained(stream: Writable, { bytes, memory, limits }: BlockedWrite): Promise<void> {
  const { stallTimeoutMs } = limits;
  memory.hold(bytes);
  return new Promise((resolve, reject) => {
    const stop = () => {
      memory.release(bytes);
      clearTimeout(timer);
      stream.off("drain", onDrain).off("close", onClose);
    };
    const onDrain = () => {
      stop();
      resolve();
    };
    const onClose = () => {
      stop();
      reject(clientGone("the connection closed while a write waited"));
    };
    const onStall = () => {
      stop();
      reject(stalled(stallTimeoutMs));
    };
    const timer = setTimeout(onStall, stallTimeoutMs);
    timer.unref();
    if (stream.destroyed) return onClose();
    stream.once("drain", onDrain).once("close", onClose);
  });
}
