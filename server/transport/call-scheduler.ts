/** How long calls may keep the event loop to themselves before Node reads and writes again, in ms. */
export const sliceMs = 10;

/** Part of the work of a call: it runs to its end without giving way. */
export type Step = () => void;

/** Whose steps wait in one queue: a connection of a client. */
export interface StepOwner {
  /** The client's address: each address has the same share of the event loop, however many connections it opens. */
  readonly peer: string;
}

/** Steps in their order. `Array.prototype.shift` would move all that are left for each that is taken. */
interface StepList {
  readonly steps: Step[];
  taken: number;
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
  /** The queues that have steps, in the order in which they are served: by address, then by connection. */
  readonly #queues = new Map<string, Map<StepOwner, StepList>>();
  #queued = 0;
  /** What is to run in a later turn. */
  #parts: Step[] = [];
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
    if (isIdle) step();
    else this.enqueue(owner, step);
    return isIdle;
  }

  /** Runs a step in its turn: in this turn of the event loop if there is time, else in a later one. */
  enqueue(owner: StepOwner, step: Step): void {
    let ofPeer = this.#queues.get(owner.peer);
    if (ofPeer === undefined) {
      ofPeer = new Map();
      this.#queues.set(owner.peer, ofPeer);
    }
    const list = ofPeer.get(owner);
    if (list === undefined) ofPeer.set(owner, { steps: [step], taken: 0 });
    else list.steps.push(step);
    this.#queued++;
    if (this.#sliceStart === undefined) this.#beginSlice(performance.now());
  }

  /**
   * Resolves in a later turn of the event loop, when work that is done in parts may go on with the next part. All such
   * work has one queue, in the order in which it asks.
   */
  nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.push(resolve);
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
    for (const part of this.#parts.splice(0)) this.enqueue(partsOwner, part);
    this.#runNext();
  };

  readonly #runNext = (): void => {
    if (this.#queued === 0 || this.sliceUsed) return;
    try {
      this.#takeNext()?.();
    } finally {
      queueMicrotask(this.#onMicrotask);
    }
  };

  // The next step runs when the promises that this one has settled have run all that waits for them: their work counts.
  readonly #onMicrotask = (): void => process.nextTick(this.#runNext);

  /** Takes a step, and puts its address and its connection behind the others. */
  #takeNext(): Step | undefined {
    for (const [peer, ofPeer] of this.#queues) {
      for (const [owner, list] of ofPeer) {
        const step = list.steps[list.taken++];
        ofPeer.delete(owner);
        if (list.taken < list.steps.length) ofPeer.set(owner, list);
        this.#queues.delete(peer);
        if (ofPeer.size > 0) this.#queues.set(peer, ofPeer);
        this.#queued--;
        return step;
      }
    }
    return undefined;
  }
}

const partsOwner: StepOwner = { peer: "" };

/** The scheduler of this process: it has one event loop. */
export const callScheduler = new CallScheduler();
