import { constants, type ServerHttp2Session } from "node:http2";
import type { Limits } from "../protection/default-limits.ts";

/**
 * Enforces limits of one HTTP/2 session that Node does not have: an idle timeout, pings that find a peer which has
 * vanished, and limits on PING and SETTINGS frames, which cost the peer nothing
 * (https://www.rfc-editor.org/rfc/rfc9113#section-10.5).
 */
export class Http2SessionGuard {
  readonly #session: ServerHttp2Session;
  readonly #limits: Limits;
  #openStreams = 0;
  #idle: NodeJS.Timeout | undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(session: ServerHttp2Session, limits: Limits) {
    this.#session = session;
    this.#limits = limits;
    this.#startIdleTimer(limits.openTimeoutMs);
    const pings = new FrameCounter(limits.maxPingsPerSecond);
    const settings = new FrameCounter(limits.maxSettingsPerSecond);
    session.on("ping", () => this.#countFrame(pings));
    session.on("remoteSettings", () => this.#countFrame(settings));
    session.once("close", () => {
      clearTimeout(this.#idle);
      clearInterval(this.#keepAlive);
    });
  }

  streamOpened(): void {
    this.#openStreams++;
    clearTimeout(this.#idle);
    this.#keepAlive ??= setInterval(() => this.#checkPeer(), this.#limits.keepAliveMs).unref();
  }

  streamClosed(): void {
    this.#openStreams--;
    if (this.#openStreams > 0 || this.#session.destroyed) return;
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#startIdleTimer(this.#limits.idleTimeoutMs);
  }

  // A timer of our own, because PING frames alone restart Node's session timeout.
  #startIdleTimer(timeoutMs: number): void {
    this.#idle = setTimeout(() => {
      drainSession(this.#session);
      // The peer may never close its half.
      this.#idle = setTimeout(() => this.#session.destroy(), this.#limits.openTimeoutMs).unref();
    }, timeoutMs).unref();
  }

  #checkPeer(): void {
    if (this.#session.destroyed) return;
    let answered = false;
    const sent = this.#session.ping(() => {
      answered = true;
    });
    if (!sent) return;
    setTimeout(() => {
      // If this process was busy, the answer may have arrived unread. A turn of the event loop reads it.
      setImmediate(() => answered || this.#session.destroy());
    }, this.#limits.keepAliveMs).unref();
  }

  #countFrame(counter: FrameCounter): void {
    if (!counter.exceededAt(performance.now()) || this.#session.destroyed) return;
    this.#session.destroy(new Error("the peer floods the session"), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

/** Counts the frames of the current second. */
class FrameCounter {
  readonly #maxPerSecond: number;
  #second = 0;
  #count = 0;

  constructor(maxPerSecond: number) {
    this.#maxPerSecond = maxPerSecond;
  }

  /** Counts a frame. Returns whether it exceeds the limit. @param now in milliseconds */
  exceededAt(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    return ++this.#count > this.#maxPerSecond;
  }
}

/**
 * How long a peer may take to answer the ping that follows the first GOAWAY, in ms. A Node client never answers: it closes
 * its half of an idle connection at once, which a Node server does not notice.
 */
const goAwayPingMs = 200;

/**
 * Drains a session without the loss of a request that is in transit: announces the end with a GOAWAY that covers all
 * streams, and closes the session when a ping shows that the peer has received it.
 * https://www.rfc-editor.org/rfc/rfc9113#section-6.8
 */
export function drainSession(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
  const close = () => {
    clearTimeout(timer);
    if (!session.closed) session.close();
  };
  const timer = setTimeout(close, goAwayPingMs);
  session.once("close", () => clearTimeout(timer));
  session.ping(close);
}
