import { FairQueue } from "./fair-queue.ts";
import { currentPeer, runForPeer } from "./peer.ts";

/** How long calls may keep the event loop to themselves before Node reads and writes again, in ms. */
export const sliceMs = 10;

/**
 * The time of a step that costs its client nothing but its turn, in ms. A longer step makes a debt, which the client pays
 * by passing over one turn for each of these.
 */
const quantumMs = 1;

/** The most that a client owes, in ms: it waits for so long at most for others that have many steps. */
const maxDebtMs = 1_000;

/** Part of the work of a call: it runs to its end without giving way. */
export type Step = () => void;

/** Whose steps wait in one queue: a connection of a client. */
export interface StepOwner {
  /** The client's address: each address has the same share of the event loop, however many connections it opens. */
  readonly peer: string;
}

/** The steps of one client address. */
interface PeerSteps {
  readonly steps: FairQueue<Step, StepOwner>;
  /** How much longer its steps ran than those of others that had their turn. */
  debtMs: number;
}

/**
 * Shares the event loop among the calls of a process.
 *
 * Work that never waits for anything runs before everything else that Node has to do: a thousand calls that arrive
 * together would block the loop until the last of them is answered. The scheduler runs a step at once if the loop is
 * idle. Otherwise the step waits in the queue of its connection; the queues are served round-robin, first by client
 * address, then by connection, for {@link sliceMs} in each turn of the event loop.
 *
 * The addresses share the time, and not only the turns: one whose steps are long passes over turns until the others have
 * caught up or have no steps left (deficit round-robin, https://doi.org/10.1109/90.502236). Otherwise a client that sends
 * large messages would leave one short step of each other client between two of its own.
 */
export class CallScheduler {
  /** By address, in the order in which they are served. Those without steps have a debt. */
  readonly #peers = new Map<string, PeerSteps>();
  /** How many addresses have steps. */
  #waitingPeers = 0;
  #queued = 0;
  /** What is to run in a later turn. */
  #parts: { readonly owner: StepOwner; readonly step: Step }[] = [];
  /** When the calls of this turn of the event loop began to run; undefined before the first looks at it. */
  #sliceStart: number | undefined;
  /** The address whose step runs, and when that began. */
  #running: PeerSteps | undefined;
  #runningSince = 0;

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
    if (this.#queued === 0 && this.#parts.length === 0) {
      this.#peers.clear(); // The loop is idle: no debt has kept anyone waiting.
      return;
    }
    this.#beginSlice(performance.now());
    for (const { owner, step } of this.#parts.splice(0)) this.enqueue(owner, step);
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

  // The next step runs when the promises that this one has settled have run all that waits for them: their work counts.
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

  /** The address whose turn it is; it moves to the end. */
  #nextPeer(): readonly [string, PeerSteps] | undefined {
    for (const entry of this.#peers) {
      const [name, peer] = entry;
      const hasSteps = peer.steps.ownerCount > 0;
      this.#peers.delete(name);
      if (!hasSteps && peer.debtMs <= 0) continue;
      this.#peers.set(name, peer); // after the others
      if (hasSteps && (peer.debtMs <= 0 || this.#waitingPeers === 1)) return entry;
      peer.debtMs -= quantumMs;
    }
    return undefined;
  }
}

/** The scheduler of this process: it has one event loop. */
export const callScheduler = new CallScheduler();
