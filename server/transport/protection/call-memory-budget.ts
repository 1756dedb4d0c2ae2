import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { heapGuard } from "./heap-guard.ts";

// The memory of calls is counted against three budgets: of the connection, of its client, of the process
// (docs/decisions/0024-memory-budgets.md).

/**
 * The memory that each call counts for, in bytes: its objects in this process and in Node, and its first bytes.
 */
export const callBytes = 24 * 1024;

/** The number of bytes of a call that {@link callBytes} covers: most messages are smaller, and need no count. */
export const coveredBytes = 1024;

/**
 * How many refused calls of one connection may have an answer that the client has not read: an answer takes memory, too.
 * Further calls are refused without an answer.
 */
export const maxUnreadRefusals = 50;

/** A connection is under pressure from the first share of its budget on, until it falls to the second one. */
const pressureStartShare = 1 / 2;
const pressureEndShare = 1 / 4;

/** What a budget belongs to. */
type BudgetOwner = "connection" | "client" | "server";

/** Counts bytes against a limit, and against the limits of its parent budgets. */
export class MemoryBudget {
  readonly limit: number;
  /** The owner of the budget, for errors. */
  readonly owner: BudgetOwner;
  readonly #parent: MemoryBudget | undefined;
  #used = 0;

  /** @param limit in bytes */
  constructor(limit: number, parent?: MemoryBudget, owner: BudgetOwner = "connection") {
    this.limit = limit;
    this.owner = owner;
    this.#parent = parent;
  }

  /** The bytes that are free, in this budget and in its parents. */
  get left(): number {
    return Math.min(this.limit - this.#used, this.#parent?.left ?? Number.POSITIVE_INFINITY);
  }

  /** The bytes that are used. */
  get used(): number {
    return this.#used;
  }

  /** The one with the fewest free bytes, of this budget and its parents. */
  get tightest(): MemoryBudget {
    const parent = this.#parent?.tightest;
    return parent !== undefined && parent.limit - parent.used < this.limit - this.used ? parent : this;
  }

  /** Uses bytes of this budget and of its parents. Returns false, and changes none, if one of them has too few. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false;
    if (this.#parent?.take(bytes) === false) return false;
    this.#used += bytes;
    return true;
  }

  /** Gives used bytes back. */
  give(bytes: number): void {
    this.#used -= bytes;
    this.#parent?.give(bytes);
  }
}

/** A call that the server can end to free its memory. */
export interface EndableCall {
  /** Ends the call with an error, and frees its memory at once. */
  refuse(reason: ConnectError): void;
}

function format(bytes: number): string {
  return Math.floor(bytes).toLocaleString("en-US");
}

/** The memory of the calls of one connection. */
export class ConnectionMemory {
  readonly #budget: MemoryBudget;
  readonly #onPressure: (isHigh: boolean) => void;
  #isUnderPressure = false;
  /** The open calls, the oldest first. */
  readonly #calls = new Set<CallMemory>();
  #refused = 0;

  /** @param onPressure called when the client should send less, and when it may send as much as before */
  constructor(budget: MemoryBudget, onPressure: (isHigh: boolean) => void = () => {}) {
    this.#budget = budget;
    this.#onPressure = onPressure;
  }

  /** Whether a call may begin, even if it is only refused with an answer. */
  get acceptsCalls(): boolean {
    return this.#refused < maxUnreadRefusals || (!heapGuard.isFull && this.#budget.left >= callBytes);
  }

  /** Counts a call from now on. If there is no memory for it, it is not open: refuse it with {@link limitError}. */
  open(call: EndableCall): CallMemory {
    const isOpen = !heapGuard.isFull && this.#budget.take(callBytes);
    const memory = new CallMemory(this, call, isOpen ? "open" : "refused");
    if (isOpen) this.#calls.add(memory);
    else this.#refused++;
    return memory;
  }

  /** Returns the error of a call for which there is no memory. */
  limitError(): ConnectError {
    if (heapGuard.isFull) {
      return new ConnectError("the server's memory is full; retry later", Code.ResourceExhausted);
    }
    const { owner, used, limit } = this.#budget.tightest;
    const message =
      `limit of ${format(limit)} buffered bytes of the ${owner} reached: ${format(used)} bytes of unfinished requests and ` +
      `unread responses are in use; ${owner === "server" ? "retry later" : "read responses, finish requests, and retry"}`;
    return new ConnectError(message, Code.ResourceExhausted);
  }

  /** The bytes that the calls hold. */
  get used(): number {
    return this.#budget.used;
  }

  /** Ends all calls. */
  endCalls(): void {
    for (const call of [...this.#calls]) call.refuse();
  }

  /**
   * Uses bytes for a call. If they do not fit, ends the newest calls that hold enough to make a difference, until they fit.
   * Returns false if that has ended the call itself.
   */
  take(bytes: number, taker: CallMemory): boolean {
    if (this.#budget.take(bytes)) {
      this.#checkPressure();
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
    this.#checkPressure();
  }

  /** Counts an open call as refused from now on. */
  markRefused(call: CallMemory): void {
    this.#remove(call);
    this.#refused++;
  }

  /** Stops counting a call that has ended. */
  close(call: CallMemory, state: "open" | "refused"): void {
    if (state === "open") this.#remove(call);
    else this.#refused--;
  }

  #remove(call: CallMemory): void {
    this.#calls.delete(call);
    this.give(call.held + callBytes);
  }

  #checkPressure(): void {
    const { used, limit } = this.#budget;
    const isHigh = used > limit * (this.#isUnderPressure ? pressureEndShare : pressureStartShare);
    if (isHigh === this.#isUnderPressure) return;
    this.#isUnderPressure = isHigh;
    this.#onPressure(isHigh);
  }
}

/**
 * The bytes that one call holds in memory: those of its request until they are handled, and those of its response until
 * they are read.
 */
export class CallMemory {
  readonly #connection: ConnectionMemory;
  readonly #call: EndableCall;
  #held = 0;
  #state: "open" | "refused" | "closed";

  /** Use {@link ConnectionMemory.open}. */
  constructor(connection: ConnectionMemory, call: EndableCall, state: "open" | "refused") {
    this.#connection = connection;
    this.#call = call;
    this.#state = state;
  }

  /** Whether the call may continue: it was not refused, and has not ended. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The bytes that are held and counted, without {@link callBytes}. */
  get held(): number {
    return countedOf(this.#held);
  }

  /**
   * Holds bytes. If they do not fit, the newest calls of the connection that hold many are ended, perhaps this one, so that
   * older calls can finish. A refused call can hold nothing: this ends it with the error of the limit, which drops the bytes
   * of its request and aborts a response that has begun.
   */
  hold(bytes: number): void {
    if (this.#state === "refused") this.#call.refuse(this.#connection.limitError());
    else if (this.isOpen && this.#count(this.#held + bytes)) this.#held += bytes;
  }

  /** Gives bytes back. */
  release(bytes: number): void {
    const released = Math.min(bytes, this.#held);
    if (released <= 0) return;
    const counted = this.held;
    this.#held -= released;
    if (counted > this.held) this.#connection.give(counted - this.held);
  }

  /** Counts the bytes that would be held. Returns false if they do not fit, and the call was ended. */
  #count(held: number): boolean {
    const bytes = countedOf(held) - this.held;
    return bytes === 0 || this.#connection.take(bytes, this);
  }

  /** Ends the call because there is no memory for it. */
  refuse(): void {
    const reason = this.#connection.limitError();
    this.#connection.markRefused(this);
    this.#held = 0;
    this.#state = "refused";
    this.#call.refuse(reason);
  }

  /** Gives all bytes back at the end of the call. */
  close(): void {
    if (this.#state === "closed") return;
    this.#connection.close(this, this.#state);
    this.#held = 0;
    this.#state = "closed";
  }
}

/** Returns how many of the bytes that a call holds are counted. */
function countedOf(held: number): number {
  return held > coveredBytes ? held - coveredBytes : 0;
}

/** The interval at which the bytes of unread requests are counted, in milliseconds. */
const countIntervalMs = 20;

/** The memory of a chunk in addition to its content, in bytes: a client may send every byte in a separate frame. */
const chunkBytes = 200;

interface UnreadRequest {
  readonly stream: Readable;
  readonly memory: CallMemory;
  counted: number;
}

/**
 * Counts the bytes of requests that Node has received and no handler reads at the moment. Node fills the window of each
 * stream of an HTTP/2 session, even if the stream is paused, and emits no event: so the streams are checked by a timer.
 */
export class UnreadBytes {
  readonly #requests = new Map<Readable, UnreadRequest>();
  #timer: NodeJS.Timeout | undefined;

  /** Counts a stream that is not read from now on. */
  add(stream: Readable, memory: CallMemory): void {
    if (this.#requests.has(stream)) return;
    this.#requests.set(stream, { stream, memory, counted: 0 });
    this.#timer ??= setInterval(() => this.#count(), countIntervalMs).unref();
  }

  /** Stops counting a stream, which is read or has ended. */
  delete(stream: Readable): void {
    const request = this.#requests.get(stream);
    if (request === undefined) return;
    this.#requests.delete(stream);
    request.memory.release(request.counted);
    if (this.#requests.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #count(): void {
    for (const request of this.#requests.values()) {
      const { stream, memory, counted } = request;
      const bytes = stream.destroyed ? 0 : stream.readableLength + chunksOf(stream) * chunkBytes;
      request.counted = bytes;
      if (bytes > counted) memory.hold(bytes - counted);
      else memory.release(counted - bytes);
    }
  }
}

/** Returns how many chunks Node buffers of a stream. The buffer is in neither the types nor the documentation of Node. */
function chunksOf(stream: Readable): number {
  return (stream as Readable & { readonly readableBuffer?: ArrayLike<unknown> }).readableBuffer?.length ?? 0;
}
