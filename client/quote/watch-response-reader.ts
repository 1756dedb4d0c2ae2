import { type Cursor, type Quote, QuotePhase, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesResponse } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { fromTimestamp, microsPerMilli, microsPerSecond } from "../shared/micro-time.ts";
import type { DesiredSubscriptions } from "./desired-subscriptions.ts";
import { GapDetector } from "./gap-detector.ts";
import { restoreCommandId } from "./plan-watch-start.ts";
import type { WatchCommandSender } from "./watch-command-sender.ts";
import type { Gap, HeartbeatUpdate, WatchUpdate } from "./watch-update.ts";

export interface WatchResponseReaderOptions {
  readonly desired: DesiredSubscriptions;
  readonly commands: WatchCommandSender;
  readonly policy: SlowReaderPolicy;
}

/** Turns the responses of the streams of a watch into updates, and tracks the cursor. */
export class WatchResponseReader {
  readonly #desired: DesiredSubscriptions;
  readonly #commands: WatchCommandSender;
  readonly #gapDetector: GapDetector;
  #cursor: Cursor | undefined;
  #isResumable = false;
  #epoch: bigint | undefined;
  #phase: "connecting" | "live" | "replaying" = "connecting";
  /** The incomplete first part of the stream. `none`: it is complete. */
  #opening: "snapshot" | "replay" | "none" = "none";
  #isCaughtUp = false;

  constructor({ desired, commands, policy }: WatchResponseReaderOptions) {
    this.#desired = desired;
    this.#commands = commands;
    this.#gapDetector = new GapDetector(policy !== SlowReaderPolicy.DISCONNECT);
  }

  /** The cursor after all updates that were taken. Undefined before the first one. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** Whether the subscriptions can resume from the cursor. False while a snapshot is incomplete. */
  get isResumable(): boolean {
    return this.#isResumable;
  }

  /** The state of the stream. */
  get state(): "connecting" | "live" | "replaying" | "paused" {
    return this.#phase === "live" && this.#desired.allPaused ? "paused" : this.#phase;
  }

  /** Whether the snapshot or the replay of the stream is complete. */
  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  /** Starts another stream. */
  begin(opening: "snapshot" | "replay"): void {
    this.#phase = "connecting";
    this.#opening = opening;
    this.#isCaughtUp = false;
    this.#gapDetector.beginStream();
    if (opening === "replay") return;
    this.#isResumable = false;
    this.#gapDetector.allowGaps();
  }

  /** Yields the updates of a response. The cursor moves after all of them were taken. */
  *read(response: WatchQuotesResponse): Generator<WatchUpdate, undefined> {
    const { cursor, event, phase, quotes } = response;
    if (cursor !== undefined && cursor.epoch !== this.#epoch) {
      if (this.#epoch !== undefined) this.#gapDetector.beginEpoch();
      // The server sends no reset to a stream that starts with a snapshot.
      if (this.#epoch !== undefined && this.#opening === "snapshot") yield { kind: "reset", cause: undefined };
      this.#epoch = cursor.epoch;
    }
    if (event.case === "reset") {
      this.#gapDetector.allowGaps();
      this.#opening = "snapshot";
    }
    if (quotes.length > 0) yield* this.#readQuotes(quotes, phase, cursor);
    yield* this.#readEvent(event);
    // A reset may follow the start. The cursor of an incomplete snapshot is the one that the complete snapshot will have.
    if (cursor === undefined || event.case === "started" || this.#opening === "snapshot") return undefined;
    this.#cursor = cursor;
    this.#isResumable = true;
    return undefined;
  }

  *#readQuotes(
    received: readonly Quote[],
    phase: QuotePhase,
    cursor: Cursor | undefined,
  ): Generator<WatchUpdate, undefined> {
    if (phase === QuotePhase.REPLAY) this.#phase = "replaying";
    const gaps: Gap[] = [];
    const quotes = received.filter((quote) => this.#gapDetector.accept(quote, phase, gaps));
    for (const { symbol } of quotes) this.#desired.markSeen(symbol);
    const cursorAfter = this.#opening === "snapshot" ? undefined : cursor;
    if (quotes.length > 0) yield { kind: "quotes", quotes, phase, gaps, cursor: cursorAfter };
    return undefined;
  }

  *#readEvent(event: WatchQuotesResponse["event"]): Generator<WatchUpdate, undefined> {
    switch (event.case) {
      case "started": {
        const { streamId, subscriptions } = event.value;
        this.#phase = this.#opening === "replay" ? "replaying" : "live";
        this.#desired.applyStart(subscriptions);
        for (const subscription of subscriptions) this.#gapDetector.updateSubscription(subscription);
        this.#commands.setStream(streamId);
        yield { kind: "started", streamId, subscriptions };
        return undefined;
      }
      case "caughtUp":
        this.#phase = "live";
        this.#opening = "none";
        this.#isCaughtUp = true;
        yield { kind: "caught-up" };
        return undefined;
      case "heartbeat":
        yield this.#toHeartbeat(event.value);
        return undefined;
      case "reset":
        yield { kind: "reset", cause: event.value.cause };
        return undefined;
      case "commandResult":
        for (const subscription of event.value.subscriptions) this.#gapDetector.updateSubscription(subscription);
        this.#commands.settle(event.value);
        if (event.value.id !== restoreCommandId) yield { kind: "result", result: event.value };
        return undefined;
      case undefined:
        return undefined;
    }
  }

  #toHeartbeat(value: (WatchQuotesResponse["event"] & { case: "heartbeat" })["value"]): HeartbeatUpdate {
    const { queued, conflated, lag, newestSourceTime } = value;
    const lagMicros = lag === undefined ? 0 : Number(lag.seconds) * microsPerSecond + lag.nanos / 1000;
    const unexplained = this.#gapDetector.missingByConflation - conflated;
    return {
      kind: "heartbeat",
      queued,
      conflated,
      lagMs: lagMicros / microsPerMilli,
      newestSourceTime: newestSourceTime && fromTimestamp(newestSourceTime),
      unexplained: unexplained > 0n ? unexplained : 0n,
    };
  }
}
