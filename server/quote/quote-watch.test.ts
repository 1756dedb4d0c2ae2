import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { InstrumentSchema, QuotePhase, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { WatchQuotesResponse } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { SlowReaderError } from "../errors.ts";
import { maxWaitingQuotes } from "./lossless-queue.ts";
import { ManualTime, someMonday } from "./manual-time.ts";
import { QuoteHub } from "./quote-hub.ts";
import { maxQuotesInResponse, QuoteWatch, type QuoteWatchOptions } from "./quote-watch.ts";

function setUp(instrumentCount = 3) {
  const time = new ManualTime();
  const symbols = Array.from({ length: instrumentCount }, (_, index) => `S${String(index).padStart(4, "0")}`);
  const instruments = symbols.map((symbol) => create(InstrumentSchema, { symbol }));
  const hub = new QuoteHub({ epoch: 9n, now: time.now, instruments });
  const abort = new AbortController();
  const watch = (options: Partial<QuoteWatchOptions> = {}) =>
    new QuoteWatch({
      hub,
      streamId: "stream-1",
      symbols: [],
      policy: SlowReaderPolicy.CONFLATE,
      heartbeatMillis: 1000,
      every: time.every,
      signal: abort.signal,
      ...options,
    });
  const publish = (...published: string[]) =>
    hub.publish(published.map((symbol) => ({ symbol, last: 1, sourceTime: someMonday })));
  return { time, hub, abort, watch, publish, symbols };
}

/** What a watch has to say until it has nothing at hand. */
function drain(watch: QuoteWatch): WatchQuotesResponse[] {
  const responses: WatchQuotesResponse[] = [];
  for (let next = watch.next(); next !== undefined; next = watch.next()) responses.push(next);
  return responses;
}

function summary({ event, phase, quotes, cursor }: WatchQuotesResponse): string {
  const what = event.case ?? `${phase === QuotePhase.SNAPSHOT ? "snapshot" : "live"} ${quotes.map((each) => each.seq)}`;
  return `${what} @${cursor?.epoch}.${cursor?.seq}`;
}

describe("QuoteWatch", () => {
  it("starts, sends a snapshot, catches up, and goes on live", () => {
    const { watch, publish } = setUp();
    publish("S0000", "S0001", "S0000");
    const one = watch();
    expect(drain(one).map(summary)).toEqual(["started @9.3", "snapshot 2,3 @9.3", "caughtUp @9.3"]);
    publish("S0001", "S0002");
    expect(drain(one).map(summary)).toEqual(["live 4,5 @9.5"]);
    expect([one.sentCount, one.sentSeq]).toEqual([4, 5n]);
  });

  it("sends no snapshot where there is nothing to show", () => {
    const { watch } = setUp();
    expect(drain(watch()).map(summary)).toEqual(["started @9.0", "caughtUp @9.0"]);
  });

  it("tells its name and what became of each symbol first", () => {
    const { watch } = setUp();
    const first = watch({ symbols: ["S0002", "X"] }).next();
    expect(first?.event.value).toMatchObject({
      streamId: "stream-1",
      subscriptions: [
        { symbol: "S0002", status: 1 },
        { symbol: "X", status: 2 },
      ],
    });
  });

  it("splits a large snapshot, and keeps what happens meanwhile for after it", () => {
    const { watch, publish, symbols } = setUp(maxQuotesInResponse + 1);
    publish(...symbols);
    const one = watch();
    const started = one.next();
    publish("S0000");
    const rest = drain(one);
    expect([started, ...rest].map((response) => response?.quotes.length)).toEqual([0, maxQuotesInResponse, 1, 0, 1]);
    expect(rest.map((response) => response.cursor?.seq)).toEqual([501n, 501n, 501n, 502n]);
  });

  it("splits a large burst, each part with a place that holds for all symbols", () => {
    const { watch, publish } = setUp();
    const one = watch({ policy: SlowReaderPolicy.DISCONNECT });
    drain(one);
    publish(...Array.from({ length: maxQuotesInResponse + 2 }, () => "S0000"));
    const parts = drain(one).map(({ quotes, cursor }) => [quotes.length, cursor?.seq]);
    expect(parts).toEqual([
      [500, 500n],
      [2, 502n],
    ]);
  });

  it("counts a response only when the next is asked for", () => {
    const { watch, publish } = setUp();
    const one = watch();
    drain(one);
    publish("S0000");
    one.next();
    expect([one.sentCount, one.sentSeq]).toEqual([0, 0n]);
    one.next();
    expect([one.sentCount, one.sentSeq]).toEqual([1, 1n]);
  });

  it("has got nowhere before the snapshot is complete", () => {
    const { watch, publish } = setUp();
    publish("S0000");
    const one = watch();
    const places = Array.from({ length: 4 }, () => {
      one.next();
      return one.sentSeq;
    });
    expect(places).toEqual([0n, 0n, 0n, 1n]);
  });

  it("tells in a heartbeat what waits, what was skipped, and how far the feed is", () => {
    const { watch, publish, time } = setUp();
    const one = watch({ symbols: ["S0000", "S0001"] });
    drain(one);
    publish("S0000", "S0001", "S0000");
    time.pass(1500);
    time.beat();
    expect(one.next()).toMatchObject({
      cursor: { seq: 1n },
      event: {
        case: "heartbeat",
        value: {
          queued: 2n,
          conflated: 1n,
          lag: { seconds: 1n, nanos: 500_000_000 },
          newestSourceTime: { seconds: 1_767_623_400n },
        },
      },
    });
  });

  it("owes one heartbeat, however many have become due while the reader was slow", () => {
    const { watch, time } = setUp();
    const one = watch();
    drain(one);
    for (let beats = 0; beats < 5; beats++) time.beat();
    expect(drain(one).map(summary)).toEqual(["heartbeat @9.0"]);
  });

  it("wakes its reader for quotes, for heartbeats, and for an abort", async () => {
    const { watch, publish, time, abort } = setUp();
    const one = watch();
    drain(one);
    const woken = async (cause: () => void) => {
      const waited = one.wait();
      cause();
      await waited;
    };
    await woken(() => publish("S0000"));
    expect(drain(one).map(summary)).toEqual(["live 1 @9.1"]);
    await woken(() => time.beat());
    expect(drain(one).map(summary)).toEqual(["heartbeat @9.1"]);
    await woken(() => abort.abort(new Error("the server is shutting down")));
    expect(() => one.next()).toThrow("the server is shutting down");
  });

  it("fails a reader that is too slow and asked for that, with the place it got to", () => {
    const { watch, publish } = setUp();
    const one = watch({ policy: SlowReaderPolicy.DISCONNECT });
    publish("S0001");
    drain(one);
    publish(...Array.from({ length: maxWaitingQuotes + 1 }, () => "S0000"));
    expect(() => one.next()).toThrow(SlowReaderError);
    expect([one.sentCount, one.sentSeq]).toEqual([1, 1n]);
  });

  it("leaves them at once when the signal aborts, even where nobody asks for the next response", () => {
    const { watch, time, hub, abort } = setUp();
    watch().next();
    abort.abort();
    expect([hub.subscriberCount, time.timerCount]).toEqual([0, 0]);
  });

  it("leaves neither a subscriber nor a timer behind", () => {
    const { watch, time, hub } = setUp();
    {
      using one = watch();
      one.next();
      expect([hub.subscriberCount, time.timerCount]).toEqual([1, 1]);
    }
    expect([hub.subscriberCount, time.timerCount]).toEqual([0, 0]);
  });
});
