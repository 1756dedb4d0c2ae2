import { type Cursor, type Quote, QuotePhase, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesResponse } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { fromTimestamp, microsPerMilli, microsPerSecond } from "../shared/micro-time.ts";
import type { DesiredSubscriptions } from "./desired-subscriptions.ts";
import { GapDetector } from "./gap-detector.ts";
import type { WatchCommands } from "./watch-commands.ts";
import { reapplied } from "./watch-start.ts";
import type { Gap, HeartbeatUpdate, WatchUpdate } from "./watch-update.ts";

export interface StreamReaderOptions {
  readonly wishes: DesiredSubscriptions;
  readonly commands: WatchCommands;
  readonly policy: SlowReaderPolicy;
}

/** Makes updates of the responses of one stream after the other, and keeps the place that they have got to. */
export class StreamReader {
  readonly #wishes: DesiredSubscriptions;
  readonly #commands: WatchCommands;
  readonly #continuity: GapDetector;
  #cursor: Cursor | undefined;
  #isResumable = false;
  #epoch: bigint | undefined;
  #phase: "connecting" | "live" | "replaying" = "connecting";
  #opening: "snapshot" | "replay" | "none" = "none";
  #isSettled = false;

  constructor({ wishes, commands, policy }: StreamReaderOptions) {
    this.#wishes = wishes;
    this.#commands = commands;
    this.#continuity = new GapDetector(policy !== SlowReaderPolicy.DISCONNECT);
  }

  /** The place to go on from: all of it was taken. Undefined where there is none yet. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** Whether what is subscribed to can go on from the cursor: not where it waits for its snapshot. */
  get isResumable(): boolean {
    return this.#isResumable;
  }

  /** What the stream does. */
  get state(): "connecting" | "live" | "replaying" | "paused" {
    return this.#phase === "live" && this.#wishes.allPaused ? "paused" : this.#phase;
  }

  /** Whether the stream has come to what it began with: it works. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Another stream takes the place of the one before. */
  begin(opening: "snapshot" | "replay"): void {
    this.#phase = "connecting";
    this.#opening = opening;
    this.#isSettled = false;
    this.#continuity.beginStream();
    if (opening === "replay") return;
    this.#isResumable = false;
    this.#continuity.allowJumps();
  }

  /** The updates of a response. Its place counts once they were all taken. */
  *read(response: WatchQuotesResponse): Generator<WatchUpdate, undefined> {
    const { cursor, event, phase, quotes } = response;
    if (cursor !== undefined && cursor.epoch !== this.#epoch) {
      if (this.#epoch !== undefined) this.#continuity.beginEpoch();
      // A stream that was to begin with a snapshot does not tell that the log has become another.
      if (this.#epoch !== undefined && this.#opening === "snapshot") yield { kind: "reset", cause: undefined };
      this.#epoch = cursor.epoch;
    }
    if (event.case === "reset") {
      this.#continuity.allowJumps();
      this.#opening = "snapshot";
    }
    if (quotes.length > 0) yield* this.#readQuotes(quotes, phase, cursor);
    yield* this.#readEvent(event);
    // A reset may follow the start. The place of a snapshot that is not complete is that of what it is to show.
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
    const quotes = received.filter((quote) => this.#continuity.accept(quote, phase, gaps));
    for (const { symbol } of quotes) this.#wishes.saw(symbol);
    const place = this.#opening === "snapshot" ? undefined : cursor;
    if (quotes.length > 0) yield { kind: "quotes", quotes, phase, gaps, cursor: place };
    return undefined;
  }

  *#readEvent(event: WatchQuotesResponse["event"]): Generator<WatchUpdate, undefined> {
    switch (event.case) {
      case "started": {
        const { streamId, subscriptions } = event.value;
        this.#phase = this.#opening === "replay" ? "replaying" : "live";
        this.#wishes.started(subscriptions);
        for (const subscription of subscriptions) this.#continuity.note(subscription);
        this.#commands.use(streamId);
        yield { kind: "started", streamId, subscriptions };
        return undefined;
      }
      case "caughtUp":
        this.#phase = "live";
        this.#opening = "none";
        this.#isSettled = true;
        yield { kind: "caught-up" };
        return undefined;
      case "heartbeat":
        yield this.#heartbeat(event.value);
        return undefined;
      case "reset":
        yield { kind: "reset", cause: event.value.cause };
        return undefined;
      case "commandResult":
        for (const subscription of event.value.subscriptions) this.#continuity.note(subscription);
        this.#commands.settle(event.value);
        if (event.value.id !== reapplied) yield { kind: "result", result: event.value };
        return undefined;
      case undefined:
        return undefined;
    }
  }

  #heartbeat(value: (WatchQuotesResponse["event"] & { case: "heartbeat" })["value"]): HeartbeatUpdate {
    const { queued, conflated, lag, newestSourceTime } = value;
    const lagMicros = lag === undefined ? 0 : Number(lag.seconds) * microsPerSecond + lag.nanos / 1000;
    const unaccounted = this.#continuity.conflated - conflated;
    return {
      kind: "heartbeat",
      queued,
      conflated,
      lagMs: lagMicros / microsPerMilli,
      newestSourceTime: newestSourceTime && fromTimestamp(newestSourceTime),
      unaccounted: unaccounted > 0n ? unaccounted : 0n,
    };
  }
}
