import type { Readable } from "node:stream";
import type { CallMemory } from "../protection/call-memory.ts";

/** How often the bytes of requests that nobody reads are counted, in ms. */
const countEveryMs = 20;

/** What each chunk takes in memory besides its bytes: a client may send every byte in a frame of its own. */
const chunkBytes = 200;

interface Unread {
  readonly stream: Readable;
  readonly memory: CallMemory;
  counted: number;
}

/**
 * Counts what Node has received of requests that nobody reads at the moment. Node fills the window of each stream of an
 * HTTP/2 session, also of those that are paused, and does not say when: so it is asked now and then.
 */
export class UnreadBytes {
  readonly #unread = new Map<Readable, Unread>();
  #timer: NodeJS.Timeout | undefined;

  /** Begins to count for a stream that is not read from now on. */
  add(stream: Readable, memory: CallMemory): void {
    if (this.#unread.has(stream)) return;
    this.#unread.set(stream, { stream, memory, counted: 0 });
    this.#timer ??= setInterval(() => this.#count(), countEveryMs).unref();
  }

  /** The stream is read again, or has ended: its bytes count where they go. */
  delete(stream: Readable): void {
    const unread = this.#unread.get(stream);
    if (unread === undefined) return;
    this.#unread.delete(stream);
    unread.memory.release(unread.counted);
    if (this.#unread.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #count(): void {
    for (const unread of this.#unread.values()) {
      const { stream, memory, counted } = unread;
      const bytes = stream.destroyed ? 0 : stream.readableLength + chunksOf(stream) * chunkBytes;
      unread.counted = bytes;
      if (bytes > counted) memory.hold(bytes - counted);
      else memory.release(counted - bytes);
    }
  }
}

/** How many chunks Node keeps of a stream. Its types do not tell of the buffer, nor does its documentation. */
function chunksOf(stream: Readable): number {
  return (stream as Readable & { readonly readableBuffer?: ArrayLike<unknown> }).readableBuffer?.length ?? 0;
}
