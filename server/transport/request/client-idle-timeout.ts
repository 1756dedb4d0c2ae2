import { Code, ConnectError } from "@connectrpc/connect";
import { callScheduler } from "../protection/call-scheduler.ts";
import type { Limits } from "../protection/default-limits.ts";
import type { RequestBody } from "./request-body.ts";

/** The idle limits of one call that replace the default ones. */
export interface IdlePolicy {
  /** The longest time without a message from the client, in ms. Default: `messageIdleTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Makes the error of reads after that. Default: a ConnectError with DEADLINE_EXCEEDED. */
  readonly error?: () => Error;
  /** Returns whether the client may be idle now, such as while an answer is due. That time does not count. */
  readonly mayBeIdle?: () => boolean;
}

type IdleLimits = Pick<Limits, "firstMessageTimeoutMs" | "messageIdleTimeoutMs" | "requestTimeoutMs">;

/**
 * Ends the requests of a call whose client streams and sends nothing: the pending read fails.
 *
 * Only the time counts in which the handler waits for a message, so a busy server ends no call. After the client's first
 * message, each message to the client restarts the timeout; `stallTimeoutMs` covers a client that does not read them.
 * Received bytes do not restart it: a message must be complete within `requestTimeoutMs` from its first byte on.
 * docs/decisions/0021-stalled-clients.md
 */
export class ClientIdleTimeout implements Disposable {
  readonly #body: RequestBody;
  readonly #limits: IdleLimits;
  readonly #messagesOut: () => number;
  #policy: IdlePolicy = {};
  #hasReceived = false;
  /** The start of the pending read. */
  #waitingSince: number | undefined;
  /** The bytes of the body before the pending message: more bytes show that a part of it has arrived. */
  #bytesBefore = 0;
  #partSince: number | undefined;
  #activeAt = 0;
  #lastMessagesOut = 0;
  #timer: NodeJS.Timeout;

  /** @param messagesOut returns the number of messages that were sent to the client */
  constructor(body: RequestBody, limits: IdleLimits, messagesOut: () => number) {
    this.#body = body;
    this.#limits = limits;
    this.#messagesOut = messagesOut;
    this.#timer = this.#checkAfter(limits.firstMessageTimeoutMs);
  }

  /**
   * Begins to measure: the handler waits for a message.
   *
   * @param partBytes the bytes of that message that were read from the body before
   */
  beginWait(partBytes: number): void {
    this.#waitingSince = callScheduler.turnStart;
    this.#bytesBefore = this.#body.bytes - partBytes;
    this.#partSince = undefined;
  }

  /** Stops measuring: a message has arrived, or the end of the requests. */
  endWait(): void {
    this.#waitingSince = undefined;
    this.#hasReceived = true;
  }

  /** Applies a policy from now on. */
  setPolicy(policy: IdlePolicy): void {
    this.#policy = policy;
    this.#check();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  // One timer for the call, which checks when the next timeout may expire: a timer for each read would cost more than the
  // read.
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

  /** Returns how much longer the pending read may wait. */
  #leftMs(now: number): number {
    const { requestTimeoutMs } = this.#limits;
    const messagesOut = this.#messagesOut();
    if (messagesOut !== this.#lastMessagesOut || (this.#hasReceived && this.#policy.mayBeIdle?.() === true))
      this.#activeAt = now;
    this.#lastMessagesOut = messagesOut;
    if (this.#waitingSince === undefined) return this.#timeoutMs;
    if (this.#body.bytes > this.#bytesBefore) {
      this.#partSince ??= now;
      return requestTimeoutMs - (now - this.#partSince);
    }
    const idleSince = this.#hasReceived ? Math.max(this.#waitingSince, this.#activeAt) : this.#waitingSince;
    return this.#timeoutMs - (now - idleSince);
  }

  get #idleTimeoutMs(): number {
    return this.#policy.timeoutMs ?? this.#limits.messageIdleTimeoutMs;
  }

  get #timeoutMs(): number {
    return this.#hasReceived ? this.#idleTimeoutMs : this.#limits.firstMessageTimeoutMs;
  }

  #idleError(): Error {
    if (this.#hasReceived && this.#policy.error !== undefined) return this.#policy.error();
    const seconds = this.#timeoutMs / 1_000;
    const message = this.#hasReceived
      ? `no message arrived for ${seconds} s, the limit between two messages of a call: call again, and close the sending side when there is nothing left to send`
      : `no message arrived within ${seconds} s, the limit for the first one: send it as soon as the call begins`;
    return new ConnectError(message, Code.DeadlineExceeded);
  }

  #partError(): Error {
    const message = `a message did not arrive as a whole within ${this.#limits.requestTimeoutMs / 1_000} s: send it faster, or in smaller parts`;
    return new ConnectError(message, Code.DeadlineExceeded);
  }
}
