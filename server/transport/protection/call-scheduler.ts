import { performance } from "node:perf_hooks"; // the global is an accessor, which costs as much as the call
import { currentPeer, runForPeer } from "./current-peer.ts";
import { FairQueue } from "./fair-queue.ts";

/** The time of calls in one turn of the event loop, before Node reads and writes again, in ms. */
export const sliceMs = 10;

/**
 * The time that a step may take without a debt for its client, in ms. For each further millisecond the queue of the client
 * is skipped in one round.
 */
const quantumMs = 1;

/**
 * The maximum debt of a client, in milliseconds, and so the maximum number of rounds in which its queue is skipped. A
 * step may be charged for work that its client did not ask for, such as a garbage collection, or the delivery of its
 * quotes to a thousand subscribers.
 */
const maxDebtMs = 25;

/** The number of queries of {@link CallScheduler.sliceSeemsUsed} between two checks of the clock. */
const queriesBetweenChecks = 8;

/** A part of the work of a call, which runs to its end without interruption. */
export type Step = () => void;

/** The owner of a queue of steps: a connection of a client. */
export interface StepOwner {
  /** The key of the client. Each client has the same share of the event loop, with any number of connections. */
  readonly peer: string;
}

/** The queued steps of one client. */
interface PeerSteps {
  readonly steps: FairQueue<Step, StepOwner>;
  /** The time by which its steps exceeded {@link quantumMs}: the rounds in which its queue is skipped. */
  debtMs: number;
}

/**
 * Shares the event loop among the calls of a process.
 *
 * Node runs promises and callbacks that are ready before it reads or writes: a thousand calls that arrive together would
 * block the event loop until the last of them is answered. The scheduler runs a step at once if the loop is idle. Otherwise
 * it queues the step for its connection, and serves the queues for {@link sliceMs} in each turn of the event loop,
 * round-robin by client, then by connection (docs/decisions/0022-shared-event-loop.md).
 *
 * A client with long steps gets fewer of them while others wait: for each millisecond that a step takes, its queue is
 * skipped in one round, in which every other client has one step (deficit round-robin,
 * https://doi.org/10.1109/90.502236). Otherwise each other client would have one short step between two long steps of a
 * client that sends large messages (docs/decisions/0030-fair-time.md).
 */
export class CallScheduler {
  /** The clients with steps or with a debt, in the order in which they are served. */
  readonly #peers = new Map<string, PeerSteps>();
  /** The number of clients with steps. */
  #waitingPeers = 0;
  #queued = 0;
  /** Steps to queue in a later turn of the event loop. */
  #laterSteps: { readonly owner: StepOwner; readonly step: Step }[] = [];
  /** The start of the time of calls in this turn of the event loop; undefined if no call has run in it. */
  #sliceStart: number | undefined;
  /** The queries of {@link sliceSeemsUsed} in this turn of the event loop, and the result of the newest check. */
  #queries = 0;
  #seemsUsed = false;
  /** The client of the running step, and the start of the step. */
  #running: PeerSteps | undefined;
  #runningSince = 0;

  /** The number of queued steps. */
  get queued(): number {
    return this.#queued;
  }

  /** The time at the start of this turn of the event loop, as `performance.now` counts it: a clock that costs nothing. */
  get turnStart(): number {
    if (this.#sliceStart === undefined) this.#beginSlice(performance.now());
    return this.#sliceStart ?? 0;
  }

  /** Whether the time of calls in this turn of the event loop is used up: then pass further work to {@link enqueue}. */
  get sliceUsed(): boolean {
    const now = performance.now();
    if (this.#sliceStart === undefined) this.#beginSlice(now);
    return now - (this.#sliceStart ?? now) > sliceMs;
  }

  /**
   * As {@link sliceUsed}, but reads the clock only at every eighth query of a turn of the event loop: for steps that take
   * microseconds, such as small messages. The clock costs as much as one of them.
   */
  get sliceSeemsUsed(): boolean {
    if (this.#sliceStart !== undefined && ++this.#queries % queriesBetweenChecks !== 0) return this.#seemsUsed;
    this.#seemsUsed = this.sliceUsed;
    return this.#seemsUsed;
  }

  /**
   * Runs the first step of a call: at once if no step is queued and there is time, else queues it. Returns whether it ran
   * at once.
   */
  run(owner: StepOwner, step: Step): boolean {
    const isIdle = this.#queued === 0 && !this.sliceUsed;
    if (isIdle) runForPeer(owner.peer, step);
    else this.enqueue(owner, step);
    return isIdle;
  }

  /** Queues a step: it runs in this turn of the event loop if there is time, else in a later one. */
  enqueue(owner: StepOwner, step: Step): void {
    let peer = this.#peers.get(owner.peer);
    if (peer === undefined) {
      peer = { steps: new FairQueue(), debtMs: 0 };
      this.#peers.set(owner.peer, peer);
    }
    if (peer.steps.ownerCount === 0) this.#waitingPeers++;
    peer.steps.push(owner, step);
    this.#queued++;
    if (this.#sliceStart === undefined) this.#beginSlice(performance.now());
  }

  /**
   * Resolves in a later turn of the event loop, for work that is divided into parts and continues with the next one.
   *
   * @param peer the client that the work is for; default: the client of the current call, if any
   */
  nextTurn(peer = currentPeer() ?? ""): Promise<void> {
    return new Promise((resolve) => {
      this.#laterSteps.push({ owner: { peer }, step: resolve });
      if (this.#sliceStart === undefined) this.#beginSlice(performance.now());
    });
  }

  #beginSlice(now: number): void {
    this.#sliceStart = now;
    this.#queries = 0;
    this.#seemsUsed = false;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#sliceStart = undefined;
    if (this.#queued === 0 && this.#laterSteps.length === 0) {
      this.#peers.clear(); // the loop is idle, so debts no longer matter
      return;
    }
    this.#beginSlice(performance.now());
    for (const { owner, step } of this.#laterSteps.splice(0)) this.enqueue(owner, step);
    this.#runNext();
  };

  readonly #runNext = (): void => {
    const now = performance.now();
    this.#charge(now);
    if (this.#sliceStart === undefined) this.#beginSlice(now);
    if (this.#queued === 0 || now - (this.#sliceStart ?? now) > sliceMs) return;
    try {
      this.#runStep(now);
    } finally {
      queueMicrotask(this.#onMicrotask);
    }
  };

  // The next step runs after the callbacks of all promises that this one has settled, so that their time counts.
  readonly #onMicrotask = (): void => process.nextTick(this.#runNext);

  #charge(now: number): void {
    const peer = this.#running;
    if (peer === undefined) return;
    this.#running = undefined;
    const excessMs = now - this.#runningSince - quantumMs;
    if (excessMs > 0) peer.debtMs = Math.min(peer.debtMs + excessMs, maxDebtMs);
  }

  #runStep(now: number): void {
    const next = this.#nextPeer();
    if (next === undefined) return;
    const [name, peer] = next;
    const step = peer.steps.shift()?.item;
    if (peer.steps.ownerCount === 0) this.#waitingPeers--;
    this.#queued--;
    this.#running = peer;
    this.#runningSince = now;
    if (step !== undefined) runForPeer(name, step);
  }

  /**
   * Returns the client to serve, and moves it to the end. Each client that is skipped pays a part of its debt. The loop
   * visits clients that it has moved to the end again, so it continues into the next round.
   */
  #nextPeer(): readonly [string, PeerSteps] | undefined {
    const isAlone = this.#waitingPeers === 1;
    for (const entry of this.#peers) {
      const [name, peer] = entry;
      const hasSteps = peer.steps.ownerCount > 0;
      this.#peers.delete(name);
      if (!hasSteps && (isAlone || peer.debtMs <= 0)) continue;
      this.#peers.set(name, peer); // to the end
      if (hasSteps && isAlone) peer.debtMs = 0; // no other client has waited for it
      if (hasSteps && peer.debtMs <= 0) return entry;
      peer.debtMs -= quantumMs;
    }
    return undefined;
  }
}

/** The scheduler of this process: it has one event loop. */
export const callScheduler = new CallScheduler();
