import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Limits } from "../protection/limits.ts";
import type { RequestBody } from "../request/request-body.ts";
import { callOf } from "../rpc/call.ts";

/** How the messages of one call are waited for, if not as the limits say. */
export interface IdlePolicy {
  /** How long the client may send no message, in milliseconds. Default: `messageIdleTimeoutMs`. */
  readonly timeoutMs?: number;
  /** What reads fail with after that. Default: a DEADLINE_EXCEEDED. */
  readonly error?: () => Error;
  /** Whether the client has a reason to send nothing, such as an answer that the server owes: its time does not count. */
  readonly mayBeIdle?: () => boolean;
}

type IdleLimits = Pick<Limits, "firstMessageTimeoutMs" | "messageIdleTimeoutMs" | "requestTimeoutMs">;

/**
 * Ends the requests of a call whose client streams and then sends nothing, by failing the read that waits for it.
 *
 * Only the time in which the handler waits for a message counts, so a server that is busy ends nothing. A message that
 * goes to the client counts as life, from the client's first message on: whether it is read is the business of
 * `stallTimeoutMs`. Bytes do not count: a message of which a part has arrived must be whole within `requestTimeoutMs`.
 */
export class ClientIdleTimeout implements Disposable {
  readonly #body: RequestBody;
  readonly #limits: IdleLimits;
  readonly #messagesOut: () => number;
  #policy: IdlePolicy = {};
  #received = false;
  /** When the read that waits has begun to. */
  #waitingSince: number | undefined;
  /** Of the body, when that read began: more shows that a part of a message has arrived. */
  #wholeBytes = 0;
  #partSince: number | undefined;
  #aliveAt = 0;
  #seenOut = 0;
  #timer: NodeJS.Timeout;

  /** @param messagesOut the number of messages that were sent to the client so far */
  constructor(body: RequestBody, limits: IdleLimits, messagesOut: () => number) {
    this.#body = body;
    this.#limits = limits;
    this.#messagesOut = messagesOut;
    this.#timer = this.#checkAfter(limits.firstMessageTimeoutMs);
  }

  /**
   * The handler waits for a message.
   *
   * @param partBytes how many bytes of that message were taken out of the body before
   */
  beginWait(partBytes: number): void {
    this.#waitingSince = performance.now();
    this.#wholeBytes = this.#body.bytes - partBytes;
    this.#partSince = undefined;
  }

  /** A message has arrived, or the end of the requests. */
  endWait(): void {
    this.#waitingSince = undefined;
    this.#received = true;
  }

  /** Takes a policy, from now on. */
  setPolicy(policy: IdlePolicy): void {
    this.#policy = policy;
    this.#check();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  // One timer looks from time to time, as often as what it may find next needs: one for each read would cost more than
  // the read.
  #checkAfter(leftMs: number): NodeJS.Timeout {
    const afterMs = Math.min(leftMs, this.#idleTimeoutMs, this.#limits.requestTimeoutMs);
    return setTimeout(() => this.#check(), Math.max(1, Math.ceil(afterMs))).unref();
  }

  #check(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const leftMs = this.#leftMs(now);
    if (leftMs > 0) this.#timer = this.#checkAfter(leftMs);
    else this.#body.fail(this.#partSince === undefined ? this.#idleError() : this.#partError());
  }

  /** How much longer the read may wait. */
  #leftMs(now: number): number {
    const { requestTimeoutMs } = this.#limits;
    const messagesOut = this.#messagesOut();
    if (messagesOut !== this.#seenOut || (this.#received && this.#policy.mayBeIdle?.() === true)) this.#aliveAt = now;
    this.#seenOut = messagesOut;
    if (this.#waitingSince === undefined) return this.#timeoutMs;
    if (this.#body.bytes > this.#wholeBytes) {
      this.#partSince ??= now;
      return requestTimeoutMs - (now - this.#partSince);
    }
    const idleSince = this.#received ? Math.max(this.#waitingSince, this.#aliveAt) : this.#waitingSince;
    return this.#timeoutMs - (now - idleSince);
  }

  get #idleTimeoutMs(): number {
    return this.#policy.timeoutMs ?? this.#limits.messageIdleTimeoutMs;
  }

  get #timeoutMs(): number {
    return this.#received ? this.#idleTimeoutMs : this.#limits.firstMessageTimeoutMs;
  }

  #idleError(): Error {
    if (this.#received && this.#policy.error !== undefined) return this.#policy.error();
    const seconds = this.#timeoutMs / 1_000;
    const message = this.#received
      ? `no message arrived for ${seconds} s, the limit between two messages of a call: call again, and close the sending side when there is nothing left to send`
      : `no message arrived within ${seconds} s, the limit for the first one: send it as soon as the call begins`;
    return new ConnectError(message, Code.DeadlineExceeded);
  }

  #partError(): Error {
    const message = `a message did not arrive as a whole within ${this.#limits.requestTimeoutMs / 1_000} s: send it faster, or in smaller parts`;
    return new ConnectError(message, Code.DeadlineExceeded);
  }
}

/** Sets how the messages of a call are waited for, in place of what the limits say. Does nothing on other transports. */
export function setIdlePolicy(context: HandlerContext, policy: IdlePolicy): void {
  callOf(context).wire?.idleTimeout?.setPolicy(policy);
}

/**
 * Ends the requests of a call with an error, also a read that waits: for a handler that is to stop for a reason of its
 * own while its client is idle. Does nothing on other transports.
 */
export function failRequests(context: HandlerContext, error: Error): void {
  callOf(context).wire?.failRequests(error);
}
