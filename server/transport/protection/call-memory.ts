import { Code, ConnectError } from "@connectrpc/connect";
import { heapGuard } from "./heap-guard.ts";
import type { MemoryBudget } from "./memory-budget.ts";

/** What every call counts for besides its bytes: its objects in this process and in Node. */
export const callBytes = 24 * 1024;

/**
 * How many calls of one connection may be refused with an answer that is not read yet: an answer takes memory, too. Further
 * ones are refused without an answer.
 */
export const maxUnreadRefusals = 50;

/** A call that can be ended for the sake of its memory. */
export interface EndableCall {
  /** Ends the call with an error, and releases what it holds in memory at once. */
  refuse(reason: ConnectError): void;
}

/** From which share of its budget on a connection is under pressure, and until which share it stays so. */
const pressureBegins = 1 / 2;
const pressureEnds = 1 / 4;

/** The memory of the calls of one connection. */
export class SessionMemory {
  readonly #budget: MemoryBudget;
  readonly #onPressure: (isHigh: boolean) => void;
  #isUnderPressure = false;
  /** Those that are open, in the order in which they began. */
  readonly #calls = new Set<CallMemory>();
  #refused = 0;

  /** @param onPressure called when the connection should send less, and when it may send as much as before */
  constructor(budget: MemoryBudget, onPressure: (isHigh: boolean) => void = () => {}) {
    this.#budget = budget;
    this.#onPressure = onPressure;
  }

  /** Whether a call may begin, be it only to be refused with an answer. */
  get admits(): boolean {
    return this.#refused < maxUnreadRefusals || (!heapGuard.isFull && this.#budget.left >= callBytes);
  }

  /** Begins to count for a call. Without room for it the call is not open: it is to be refused with {@link noRoom}. */
  open(call: EndableCall): CallMemory {
    const isOpen = !heapGuard.isFull && this.#budget.take(callBytes);
    const memory = new CallMemory(this, call, isOpen ? "open" : "refused");
    if (isOpen) this.#calls.add(memory);
    else this.#refused++;
    return memory;
  }

  /** The error of a call for which there is no room. */
  noRoom(): ConnectError {
    if (heapGuard.isFull) {
      return new ConnectError("the server's memory is full; retry later", Code.ResourceExhausted);
    }
    const { used, limit } = this.#budget;
    const message =
      `limit of buffered bytes reached: the connection has ${used} bytes of unfinished requests and unread responses, of ` +
      `${limit} at most, or its client or the server has too many; read responses, finish requests, and retry`;
    return new ConnectError(message, Code.ResourceExhausted);
  }

  /** The bytes that its calls hold. */
  get used(): number {
    return this.#budget.used;
  }

  /** Ends all of its calls. */
  endCalls(): void {
    for (const call of [...this.#calls]) call.refuse();
  }

  /**
   * Takes bytes for a call, if need be by ending the newest calls: of those that hold so much that it helps. False: the
   * call itself was ended.
   */
  take(bytes: number, taker: CallMemory): boolean {
    if (this.#budget.take(bytes)) {
      this.#lookAtPressure();
      return true;
    }
    for (const call of [...this.#calls].reverse()) {
      if (call !== taker && call.held < callBytes) continue;
      call.refuse();
      if (call === taker) return false;
      if (this.#budget.take(bytes)) return true;
    }
    return false;
  }

  /** Gives bytes of an open call back. */
  give(bytes: number): void {
    this.#budget.give(bytes);
    this.#lookAtPressure();
  }

  /** An open call is refused from now on. */
  markRefused(call: CallMemory): void {
    this.#remove(call);
    this.#refused++;
  }

  /** A call has ended. */
  close(call: CallMemory, state: "open" | "refused"): void {
    if (state === "open") this.#remove(call);
    else this.#refused--;
  }

  #remove(call: CallMemory): void {
    this.#calls.delete(call);
    this.give(call.held + callBytes);
  }

  #lookAtPressure(): void {
    const { used, limit } = this.#budget;
    const isHigh = used > limit * (this.#isUnderPressure ? pressureEnds : pressureBegins);
    if (isHigh === this.#isUnderPressure) return;
    this.#isUnderPressure = isHigh;
    this.#onPressure(isHigh);
  }
}

/**
 * The bytes that one call holds in memory: of its request until they are handled, of its response until they are read.
 * They count against the budgets of its connection, of its client and of the process.
 */
export class CallMemory {
  readonly #session: SessionMemory;
  readonly #call: EndableCall;
  #held = 0;
  #state: "open" | "refused" | "closed";

  /** Use {@link SessionMemory.open}. */
  constructor(session: SessionMemory, call: EndableCall, state: "open" | "refused") {
    this.#session = session;
    this.#call = call;
    this.#state = state;
  }

  /** Whether the call may continue: there was room for it, and it has not ended. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The bytes that are held, besides {@link callBytes}. */
  get held(): number {
    return this.#held;
  }

  /**
   * Counts bytes. Without room for them the newest calls of the connection that hold many are ended, perhaps this one, so
   * that older ones come to their end. A call that was refused may hold none: it is ended again.
   */
  hold(bytes: number): void {
    if (this.#state === "refused") this.#call.refuse(this.#session.noRoom());
    else if (this.isOpen && this.#session.take(bytes, this)) this.#held += bytes;
  }

  /** Gives bytes back. */
  release(bytes: number): void {
    const released = Math.min(bytes, this.#held);
    if (released <= 0) return;
    this.#held -= released;
    this.#session.give(released);
  }

  /** Ends the call because there is no room. */
  refuse(): void {
    const reason = this.#session.noRoom();
    this.#session.markRefused(this);
    this.#held = 0;
    this.#state = "refused";
    this.#call.refuse(reason);
  }

  /** Gives everything back: the call has ended. */
  close(): void {
    if (this.#state === "closed") return;
    this.#session.close(this, this.#state);
    this.#held = 0;
    this.#state = "closed";
  }
}
