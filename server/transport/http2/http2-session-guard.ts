import { constants, type ServerHttp2Session } from "node:http2";
import type { Limits } from "../protection/limits.ts";
import { drainSession } from "./drain-session.ts";
import { FloodGuard } from "./flood-guard.ts";

/**
 * Keeps one HTTP/2 session within limits for which Node has none: sessions without streams, peers that have silently
 * gone, floods of frames that cost the peer nothing.
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
    this.#becomeIdle(limits.openTimeoutMs);
    const pings = new FloodGuard(limits.maxPingsPerSecond);
    const settings = new FloodGuard(limits.maxSettingsPerSecond);
    session.on("ping", () => this.#endWhere(pings.exceededAt(performance.now())));
    session.on("remoteSettings", () => this.#endWhere(settings.exceededAt(performance.now())));
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
    this.#becomeIdle(this.#limits.idleTimeoutMs);
  }

  // A timer of our own, as a peer could keep Node's from running out with PING frames alone.
  #becomeIdle(timeoutMs: number): void {
    this.#idle = setTimeout(() => {
      drainSession(this.#session);
      // A peer that does not close its side is not waited for.
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
      // Where this process was busy, the answer may have come and not been read: a turn of the event loop reads it.
      setImmediate(() => answered || this.#session.destroy());
    }, this.#limits.keepAliveMs).unref();
  }

  #endWhere(flooded: boolean): void {
    if (!flooded || this.#session.destroyed) return;
    this.#session.destroy(new Error("the peer floods the session"), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}
