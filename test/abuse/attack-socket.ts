import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Target } from "./target.ts";

/** A raw connection of an attacker. */
export interface AttackSocket extends Disposable {
  readonly socket: Socket;
  isOpen(): boolean;
  /** Sends bytes; resolves when the buffer accepts more, or the connection has ended. */
  send(bytes: string | Uint8Array): Promise<void>;
  /**
   * Sends the same bytes `times` times, or until the connection has ended or `forMs` milliseconds have passed. Resolves
   * to the number of times.
   */
  flood(bytes: Uint8Array, times: number, forMs: number): Promise<number>;
  /** Resolves to whether the connection has ended, after at most `ms` milliseconds. */
  endsWithin(ms: number): Promise<boolean>;
}

/** Opens a connection; `onData` receives the responses. Without it nothing is read. */
export async function openAttackSocket(target: Target, onData?: (chunk: Buffer) => void): Promise<AttackSocket> {
  const socket = connect({ host: target.host, port: target.port, noDelay: true });
  // The end of the connection reports its error.
  socket.on("error", () => {});
  const ended = new Promise<true>((resolve) => {
    socket.once("close", () => resolve(true));
  });
  await Promise.race([once(socket, "connect"), ended]);
  if (onData === undefined) socket.pause();
  else socket.on("data", onData);

  const isOpen = () => !socket.destroyed && socket.writable;
  async function send(bytes: string | Uint8Array): Promise<void> {
    if (isOpen() && !socket.write(bytes))
      await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), ended]);
  }
  return {
    socket,
    isOpen,
    send,
    async flood(bytes, times, forMs) {
      const until = performance.now() + forMs;
      let sent = 0;
      const late = setTimeout(() => socket.destroy(), forMs + stuckMs);
      for (; sent < times && isOpen() && performance.now() < until; sent++) {
        await send(bytes);
        // What the server answers must come in between.
        await new Promise(setImmediate);
      }
      clearTimeout(late);
      return sent;
    },
    async endsWithin(ms) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), ms);
      });
      const hasEnded = await Promise.race([ended, late]);
      clearTimeout(timer);
      return hasEnded;
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** How long a write may wait beyond the end of a flood, for a server that has stopped reading. */
const stuckMs = 2_000;
