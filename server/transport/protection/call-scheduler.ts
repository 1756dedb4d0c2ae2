import { currentPeer, runForPeer } from "./current-peer.ts";
import { FairQueue } from "./fair-queue.ts";

/** How long calls may keep the event loop to themselves before Node reads and writes again, in ms. */
export const sliceMs = 10;

/** Part of the work of a call: it runs to its end without giving way. */
export type Step = () => void;

/** Whose steps wait in one queue: a connection of a client. */
export interface StepOwner {
  /** The client's address: each address has the same share of the event loop, however many connections it opens. */
  readonly peer: string;
}

/**
 * Shares the event loop among the calls of a process.
 *
 * Work that never waits for anything runs before everything else that Node has to do: a thousand calls that arrive
 * together would block the loop until the last of them is answered. The scheduler runs a step at once if the loop is
 * idle. Otherwise the step waits in the queue of its connection; the queues are served round-robin, first by client
 * address, then by connection, for {@link sliceMs} in each turn of the event loop.
 */
export class CallScheduler {
  /** The queue of each address is an item in this one as often as it has steps. */
  readonly #turns = new FairQueue<FairQueue<Step, StepOwner>, string>();
  readonly #ofPeers = new Map<string, FairQueue<Step, StepOwner>>();
  #queued = 0;
  /** What is to run in a later turn. */
  #parts: { readonly owner: StepOwner; readonly step: Step }[] = [];
  /** When the calls of this turn of the event loop began to run; undefined before the first looks at it. */
  #sliceStart: number | undefined;

  /** How many steps wait. */
  get queued(): number {
    return this.#queued;
  }

  /** Whether the time of calls in this turn of the event loop is used up: further work belongs in {@link enqueue}. */
  get sliceUsed(): boolean {
    const now = performance.now();
    if (this.#sliceStart === undefined) this.#beginSlice(now);
    return now - (this.#sliceStart ?? now) > sliceMs;
  }

  /**
   * Runs the first step of a call: now if nothing else waits and there is time, else in its turn. Returns whether it ran
   * now.
   */
  run(owner: StepOwner, step: Step): boolean {
    const isIdle = this.#queued === 0 && !this.sliceUsed;
    if (isIdle) runForPeer(owner.peer, step);
    else this.enqueue(owner, step);
    return isIdle;
  }

  /** Runs a step in its turn: in this turn of the event loop if there is time, else in a later one. */
  enqueue(owner: StepOwner, step: Step): void {
    let ofPeer = this.#ofPeers.get(owner.peer);
    if (ofPeer === undefined) {
      ofPeer = new FairQueue();
      this.#ofPeers.set(owner.peer, ofPeer);
    }
    ofPeer.push(owner, step);
    this.#turns.push(owner.peer, ofPeer);
    this.#queued++;
    if (this.#sliceStart === undefined) this.#beginSlice(performance.now());
  }

  /**
   * Resolves in a later turn of the event loop, when work that is done in parts may continue with the next part.
   *
   * @param peer the client that the work is for; default: the one whose call this is, if there is one
   */
  nextTurn(peer = currentPeer() ?? ""): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.push({ owner: { peer }, step: resolve });
      if (this.#sliceStart === undefined) this.#beginSlice(performance.now());
    });
  }

  #beginSlice(now: number): void {
    this.#sliceStart = now;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#sliceStart = undefined;
    if (this.#queued === 0 && this.#parts.length === 0) return;
    this.#beginSlice(performance.now());
    for (const { owner, step } of this.#parts.splice(0)) this.enqueue(owner, step);
    this.#runNext();
  };

  readonly #runNext = (): void => {
    if (this.#queued === 0 || this.sliceUsed) return;
    try {
      this.#runStep();
    } finally {
      queueMicrotask(this.#onMicrotask);
    }
  };

  // The next step runs when the promises that this one has settled have run all that waits for them: their work counts.
  readonly #onMicrotask = (): void => process.nextTick(this.#runNext);

  #runStep(): void {
    const turn = this.#turns.shift();
    if (turn === undefined) return;
    const { owner: peer, item: ofPeer } = turn;
    const step = ofPeer.shift()?.item;
    if (ofPeer.ownerCount === 0) this.#ofPeers.delete(peer);
    this.#queued--;
    if (step !== undefined) runForPeer(peer, step);
  }
}

/** The scheduler of this process: it has one event loop. */
export const callScheduler = new CallScheduler();
