import type { Writable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { stalled } from "./stalled-streams.ts";

/** What a handler's signal says when its client has gone away. */
export function clientGone(how: string): ConnectError {
  return new ConnectError(`the client went away: ${how}`, Code.Canceled);
}

/** What a write waits for that found the client not keeping up: the stream that drains, closes, or stays as it is. */
export function drained(stream: Writable, stallTimeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
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
