import { callScheduler } from "../protection/call-scheduler.ts";
import { FairQueue } from "../protection/fair-queue.ts";

/** The number of small chunks between two checks of the clock: a check costs as much as a chunk. */
const chunksBetweenChecks = 64;

/**
 * The system's handle of a connection, `socket._handle`. Node documents no way to pause the reads of a connection that an
 * HTTP/2 session owns (docs/decisions/0022-shared-event-loop.md).
 */
export interface ReadHandle {
  /** Whether Node reads from it: HTTP/1.1 pauses a connection whose request is not read. */
  readonly reading?: boolean;
  readStop(): unknown;
  readStart(): unknown;
}

/** Resumes one paused connection in each turn of the event loop, round-robin by the address of the client. */
class PausedReads {
  readonly #paused = new FairQueue<() => void, string>();

  add(peer: string, resume: () => void): void {
    if (this.#paused.ownerCount === 0) setImmediate(this.#onTurn);
    this.#paused.push(peer, resume);
  }

  readonly #onTurn = (): void => {
    this.#paused.shift()?.item();
    if (this.#paused.ownerCount > 0) setImmediate(this.#onTurn);
  };
}

const pausedReads = new PausedReads();

/**
 * Schedules the reads of one connection. Node reads up to 2 MiB of a connection in one turn of the event loop. That may be
 * 200,000 frames, each with a callback, and take a second. A connection that sends small frames is paused when the calls
 * have used up the time of a turn.
 */
export class ReadScheduler {
  readonly #peer: string;
  readonly #handle: () => ReadHandle | null | undefined;
  #chunks = 0;
  #isPaused = false;

  /** @param handle returns the handle of the connection, or nothing if the connection has closed */
  constructor(peer: string, handle: () => ReadHandle | null | undefined) {
    this.#peer = peer;
    this.#handle = handle;
  }

  /** Counts a small chunk. May pause the connection. */
  countChunk(): void {
    this.#chunks++;
    if (this.#chunks < chunksBetweenChecks) return;
    this.#chunks = 0;
    if (this.#isPaused || !callScheduler.sliceUsed) return;
    const handle = this.#handle();
    if (handle === undefined || handle === null || handle.reading === false) return;
    this.#isPaused = true;
    handle.readStop();
    pausedReads.add(this.#peer, () => {
      this.#isPaused = false;
      const handle = this.#handle();
      if (handle?.reading !== false) handle?.readStart();
    });
  }
}
