import { callScheduler } from "../protection/call-scheduler.ts";
import { FairQueue } from "../protection/fair-queue.ts";

/** The number of frames between two checks of the clock: a check costs as much as a small frame. */
const framesBetweenChecks = 64;

/**
 * How long a connection can be paused after it was opened, and after each time at which it used up the time of a turn, in
 * milliseconds.
 */
const defaultPausableMs = 1_000;

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

/** The reads of one connection. */
export interface ConnectionReads {
  /** Counts a request, or a chunk of one. May pause this connection and others. */
  countFrame(): void;
  /** The connection has closed. */
  end(): void;
}

interface PausableReads {
  readonly peer: string;
  readonly handle: () => ReadHandle | null | undefined;
  isPaused: boolean;
  /** The time after which it is not paused because of other connections. */
  pausableUntil: number;
}

/**
 * Schedules the reads of all connections. In one turn of the event loop Node reads every connection that has bytes, up to
 * 2 MiB of each. That may be 200,000 frames, each with a callback, and take a second.
 *
 * The connection that is read when the calls have used up the time of a turn is paused. With it are paused all that are
 * new or were paused lately, because each of them may have as many frames. Other clients send little: they are still read
 * in this turn. In each later turn paused connections are resumed, round-robin by client: first one, and twice as many in
 * each turn in which there is time.
 */
export class ReadScheduler {
  readonly #pausableMs: number;
  readonly #pausable = new Set<PausableReads>();
  readonly #paused = new FairQueue<PausableReads, string>();
  #frames = 0;
  /** The number of connections to resume in the next turn; 0 if none is paused. */
  #resumeCount = 0;

  /** @param pausableMs default: 1,000 */
  constructor(pausableMs = defaultPausableMs) {
    this.#pausableMs = pausableMs;
  }

  /** @param handle returns the handle of the connection, or nothing if the connection has closed */
  add(peer: string, handle: () => ReadHandle | null | undefined): ConnectionReads {
    const reads = { peer, handle, isPaused: false, pausableUntil: callScheduler.turnStart + this.#pausableMs };
    this.#pausable.add(reads);
    return {
      countFrame: () => {
        if (++this.#frames < framesBetweenChecks) return;
        this.#frames = 0;
        // The rest of what was read before a pause still arrives.
        if (!reads.isPaused && callScheduler.sliceUsed) this.#pauseBusy(reads);
      },
      end: () => this.#pausable.delete(reads),
    };
  }

  /** Pauses a connection, and those that can be paused with it. */
  #pauseBusy(busy: PausableReads): void {
    const now = callScheduler.turnStart;
    busy.pausableUntil = now + this.#pausableMs;
    this.#pausable.delete(busy);
    this.#pausable.add(busy);
    if (this.#resumeCount === 0) setImmediate(this.#resume);
    this.#resumeCount = 1;
    for (const reads of this.#pausable) {
      if (reads.pausableUntil < now) this.#pausable.delete(reads);
      else this.#pause(reads);
    }
  }

  #pause(reads: PausableReads): void {
    const handle = reads.handle();
    if (reads.isPaused || handle === undefined || handle === null || handle.reading === false) return;
    reads.isPaused = true;
    handle.readStop();
    this.#paused.push(reads.peer, reads);
  }

  readonly #resume = (): void => {
    for (let count = 0; count < this.#resumeCount && this.#paused.ownerCount > 0; count++) {
      const reads = this.#paused.shift()?.item;
      if (reads === undefined) break;
      reads.isPaused = false;
      const handle = reads.handle();
      if (handle?.reading !== false) handle?.readStart();
    }
    this.#resumeCount = this.#paused.ownerCount === 0 ? 0 : 2 * this.#resumeCount;
    if (this.#resumeCount > 0) setImmediate(this.#resume);
  };
}
