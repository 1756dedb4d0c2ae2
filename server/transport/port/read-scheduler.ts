import { callScheduler } from "../protection/call-scheduler.ts";
import { FairQueue } from "../protection/fair-queue.ts";

/** Whether there is time left is looked at after so many small chunks: a look costs as much as a chunk. */
const chunksBetweenLooks = 64;

/** The system's handle of a connection. Node documents no way to stop the reads of one that an HTTP/2 session has. */
export interface ReadHandle {
  /** Whether Node itself wants to read; HTTP/1.1 stops the connection where a request is not read. */
  readonly reading?: boolean;
  readStop(): unknown;
  readStart(): unknown;
}

/**
 * Who reads in which turn of the event loop. In one turn Node reads up to 2 MiB of each connection, which may be 200,000
 * frames, each with a callback: a second for a connection. A connection that sends small frames when the time of this
 * turn is used up is read no further; those go on one in a turn, round-robin by the client's address.
 */
class ReadTurns {
  readonly #held = new FairQueue<() => void, string>();

  hold(peer: string, resume: () => void): void {
    if (this.#held.ownerCount === 0) setImmediate(this.#onTurn);
    this.#held.push(peer, resume);
  }

  readonly #onTurn = (): void => {
    this.#held.shift()?.item();
    if (this.#held.ownerCount > 0) setImmediate(this.#onTurn);
  };
}

const readTurns = new ReadTurns();

/** The reads of one connection. */
export class ReadScheduler {
  readonly #peer: string;
  readonly #handle: () => ReadHandle | null | undefined;
  #chunks = 0;
  #isHeld = false;

  constructor(peer: string, handle: () => ReadHandle | null | undefined) {
    this.#peer = peer;
    this.#handle = handle;
  }

  /** Counts a small chunk, after which the connection may have to wait for its next turn. */
  countChunk(): void {
    this.#chunks++;
    if (this.#chunks < chunksBetweenLooks) return;
    this.#chunks = 0;
    if (this.#isHeld || !callScheduler.sliceUsed) return;
    const handle = this.#handle();
    if (handle === undefined || handle === null || handle.reading === false) return;
    this.#isHeld = true;
    handle.readStop();
    readTurns.hold(this.#peer, () => {
      this.#isHeld = false;
      const handle = this.#handle();
      if (handle?.reading !== false) handle?.readStart();
    });
  }
}
