import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Target } from "./target.ts";

/** A raw TCP connection of an attacker. */
export interface AttackSocket extends Disposable {
  readonly socket: Socket;
  isOpen(): boolean;
  /** Sends bytes. Resolves when the buffer accepts more bytes, or the connection has ended. */
  send(bytes: string | Uint8Array): Promise<void>;
  /**
   * Sends the bytes `times` times. Stops early if the connection ends or after `forMs` milliseconds. Resolves to the
   * number of repetitions.
   */
  flood(bytes: Uint8Array, times: number, forMs: number): Promise<number>;
  /** Waits for the end of the connection for at most `ms` milliseconds. Resolves to whether it has ended. */
  endsWithin(ms: number): Promise<boolean>;
}

/** Opens a connection. `onData` receives the responses. If it is absent, the client does not read. */
export async function openAttackSocket(target: Target, onData?: (chunk: Buffer) => void): Promise<AttackSocket> {
  const socket = connect({ host: target.host, port: target.port, noDelay: true });
  // The connection also ends after an error, which the close event reports.
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
        // Yields to the event loop, so that responses are read.
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

/** The time limit of a write after the end of a flood, if the server has stopped reading. */
const stuckMs = 2_000;
