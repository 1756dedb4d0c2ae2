import { Code, ConnectError } from "@connectrpc/connect";
import type { MemoryBudget } from "./memory-budget.ts";

/** What every call counts for besides its bytes: its objects in this process and in Node. */
export const callBytes = 16 * 1024;

/** A call that can be ended for the sake of its memory. */
export interface EndableCall {
  /** Ends the call with an error, and lets go of what it holds in memory at once. */
  refuse(reason: ConnectError): void;
}

/** The memory of the calls of one connection. */
export class SessionMemory {
  readonly budget: MemoryBudget;
  /** Those that are open, in the order in which they began. */
  readonly #calls = new Set<CallMemory>();

  constructor(budget: MemoryBudget) {
    this.budget = budget;
  }

  /** Begins to count for a call. Without room for it the call is not open: it is to be refused, with {@link noRoom}. */
  open(call: EndableCall): CallMemory {
    const isOpen = this.budget.take(callBytes);
    const memory = new CallMemory(this, call, isOpen);
    if (isOpen) this.#calls.add(memory);
    return memory;
  }

  /** The error of a call for which there is no room. */
  noRoom(): ConnectError {
    const { used, limit } = this.budget;
    const message =
      `no memory for this call: its connection has ${used} bytes of unfinished requests and unread responses, and ` +
      `${limit} may be, or the server has as many as it may of all clients; read responses, finish requests, and retry`;
    return new ConnectError(message, Code.ResourceExhausted);
  }

  /** Takes bytes for a call, if need be by ending the newest calls that hold any. False: the call itself was ended. */
  take(bytes: number, taker: CallMemory): boolean {
    if (this.budget.take(bytes)) return true;
    for (const call of [...this.#calls].reverse()) {
      if (call !== taker && call.held === 0) continue;
      call.refuse();
      if (call === taker) return false;
      if (this.budget.take(bytes)) return true;
    }
    return false;
  }

  /** Gives back the bytes of a call that has ended. */
  close(call: CallMemory): void {
    this.#calls.delete(call);
    this.budget.give(call.held + callBytes);
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
  #isOpen: boolean;

  /** Use {@link SessionMemory.open}. */
  constructor(session: SessionMemory, call: EndableCall, isOpen: boolean) {
    this.#session = session;
    this.#call = call;
    this.#isOpen = isOpen;
  }

  /** Whether the call may go on: there was room for it, and it has not ended. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The bytes that are held, besides {@link callBytes}. */
  get held(): number {
    return this.#held;
  }

  /**
   * Counts bytes. Without room for them the newest calls of the connection that hold any are ended, perhaps this one, so
   * that older ones come to their end.
   */
  hold(bytes: number): void {
    if (this.#isOpen && this.#session.take(bytes, this)) this.#held += bytes;
  }

  /** Gives bytes back. */
  release(bytes: number): void {
    const released = Math.min(bytes, this.#held);
    this.#held -= released;
    if (released > 0) this.#session.budget.give(released);
  }

  /** Gives everything back. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#session.close(this);
    this.#held = 0;
  }

  /** Ends the call because there is no room. */
  refuse(): void {
    const reason = this.#session.noRoom();
    this.close();
    this.#call.refuse(reason);
  }
}
