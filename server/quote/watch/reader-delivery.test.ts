import { describe, expect, it, vi } from "vitest";
import { PauseMode, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { caughtUp, drain, give, summarize, testHeartbeatMillis, testWatch } from "../testing/test-watch.ts";
import { ConflatingQueue } from "./conflating-queue.ts";
import { maxQuotesInResponse, type QuoteWatch } from "./quote-watch.ts";

const { DISCONNECT } = SlowReaderPolicy;

/** A stream has one timer for its heartbeats. */
const heartbeatTimers = 1;

const pause = (watch: QuoteWatch, mode: PauseMode, ...symbols: string[]) =>
  give(watch, { case: "pause", value: { symbols, mode } });

/** Resumes, and returns how many quotes were skipped. */
const resume = (watch: QuoteWatch, ...symbols: string[]) =>
  give(watch, { case: "resume", value: { symbols } }).subscriptions.map(({ skipped }) => Number(skipped));

const setRate = (watch: QuoteWatch, maxRate: number | undefined, ...symbols: string[]) =>
  give(watch, { case: "setRate", value: maxRate === undefined ? { symbols } : { symbols, maxRate } });

describe("Pause and Resume", () => {
  it("CONFLATE keeps the newest quote, and counts the others", () => {
    const { one, publish } = caughtUp();
    publish("A");
    expect(pause(one, PauseMode.UNSPECIFIED, "A").subscriptions).toMatchObject([{ paused: PauseMode.CONFLATE }]);
    publish("A", "B", "A", "A");
    expect(summarize(one)).toEqual(["commandResult @2", "live B1 @4"]);
    expect(resume(one, "A")).toEqual([3]);
    expect(summarize(one)).toEqual(["commandResult @4", "live A4 @5"]);
    publish("A");
    expect(summarize(one)).toEqual(["live A5 @6"]);
  });

  it("CONFLATE skips nothing of a symbol without quotes, or with one", () => {
    const { one, publish } = caughtUp();
    pause(one, PauseMode.CONFLATE, "A", "B");
    publish("A");
    expect(resume(one, "A", "B", "C", "X")).toEqual([0, 0, 0, 0]);
    expect(summarize(one)).toEqual(["commandResult @0", "commandResult @0", "live A1 @1"]);
  });

  it("REPLAY resumes at the first missed quote, and sends caught_up", () => {
    const { one, publish } = caughtUp();
    publish("A");
    drain(one);
    pause(one, PauseMode.REPLAY, "A");
    publish("A", "B", "A");
    expect(summarize(one)).toEqual(["commandResult @1", "live B1 @1"]);
    expect(resume(one, "A")).toEqual([0]);
    publish("A", "B");
    expect(summarize(one)).toEqual(["commandResult @1", "replay A2,A3,A4 @5", "caughtUp @5", "live B2 @6"]);
    publish("A");
    expect(summarize(one)).toEqual(["live A5 @7"]);
  });

  it("REPLAY replays nothing if nothing was published", () => {
    const { one, publish } = caughtUp();
    pause(one, PauseMode.REPLAY, "A");
    resume(one, "A");
    publish("A");
    expect(summarize(one)).toEqual(["commandResult @0", "commandResult @0", "caughtUp @0", "live A1 @1"]);
  });

  it("REPLAY is like CONFLATE if the log has evicted the missed quotes", () => {
    const { one, publish } = caughtUp({}, 5);
    pause(one, PauseMode.REPLAY, "A");
    publish("A", "B", "A", "B", "B", "B", "B", "A");
    drain(one);
    expect(resume(one, "A")).toEqual([2]);
    expect(summarize(one)).toEqual(["commandResult @7", "caughtUp @7", "live A3 @8"]);
  });

  it.each([PauseMode.CONFLATE, PauseMode.REPLAY])(
    "sends no quotes of a paused symbol, the snapshot included (%i)",
    (mode) => {
      const { watch, publish } = testWatch();
      publish("A", "B");
      const one = watch();
      pause(one, mode, "A");
      expect(summarize(one)).toEqual(["started @0", "commandResult @0", "snapshot B1 @0", "caughtUp @0"]);
      resume(one, "*");
      const phase = mode === PauseMode.REPLAY ? ["replay A1 @2", "caughtUp @2"] : ["live A1 @2"];
      expect(summarize(one)).toEqual(["commandResult @0", ...phase]);
    },
  );

  it("REPLAY has no cursor beyond a quote that the log has evicted during a replay", () => {
    const { watch, publish } = testWatch({ maxLogged: maxQuotesInResponse + 1 });
    publish("A", ...Array.from({ length: maxQuotesInResponse }, () => "B"));
    const one = watch({ position: { case: "resumeAfter", value: { epoch: 9n, seq: 0n } } });
    one.next();
    publish("B");
    expect(one.next()?.quotes).toHaveLength(maxQuotesInResponse);
    pause(one, PauseMode.REPLAY, "A");
    expect(summarize(one)).toEqual(["commandResult @0", "replay B501 @0", "caughtUp @0"]);
    expect(resume(one, "A")).toEqual([0]);
    expect(summarize(one)).toEqual(["commandResult @0", "caughtUp @0", "live A1 @502"]);
  });

  it.each([PauseMode.CONFLATE, PauseMode.REPLAY])("withdraws the queued quotes of a lossless reader (%i)", (mode) => {
    const { one, publish } = caughtUp({ slowReaderPolicy: DISCONNECT });
    publish("A", "B", "A");
    pause(one, mode, "A");
    publish("A");
    expect(drain(one).flatMap(({ quotes }) => quotes.map(({ symbol }) => symbol))).toEqual(["B"]);
    expect(resume(one, "A")).toEqual([mode === PauseMode.REPLAY ? 0 : 2]);
    const sent = drain(one).flatMap(({ quotes }) => quotes.map(({ instrumentSeq }) => Number(instrumentSeq)));
    expect(sent).toEqual(mode === PauseMode.REPLAY ? [1, 2, 3] : [3]);
  });

  it("keeps the mode of a paused symbol, and can pause a replayed one again", () => {
    const { one, publish } = caughtUp();
    pause(one, PauseMode.REPLAY, "A");
    expect(pause(one, PauseMode.CONFLATE, "A").subscriptions).toMatchObject([{ paused: PauseMode.REPLAY }]);
    publish("A", "A", "A");
    resume(one, "A");
    pause(one, PauseMode.CONFLATE, "A");
    publish("A");
    expect(resume(one, "A")).toEqual([3]);
    drain(one);
    expect(one.sentSeq).toBe(4n);
    expect(one.sentCount).toBe(1);
  });
});

describe("deferred quotes of many symbols", () => {
  const symbols = Array.from({ length: 50 }, (_, at) => `S${at}`);
  /** The symbols in an order that differs from those of the subscriptions and of the previous quotes. */
  const mixed = symbols.map((_, at) => `S${(at * 7) % 50}`);

  /** Returns the sequence numbers of quotes that are inserted before the end of a queue, in the order of the calls. */
  function inserted(act: () => void): number[] {
    const insert = vi.spyOn(ConflatingQueue.prototype, "insert");
    act();
    const seqs = insert.mock.calls.map(([, { seq }]) => seq);
    insert.mockRestore();
    return seqs;
  }

  function expectOneWalk(seqs: readonly number[]): void {
    expect(seqs).toHaveLength(symbols.length);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  }

  it("become ready in the order of the log when they are due", () => {
    const { watch, publish, time } = testWatch({ symbols });
    const one = watch({ maxRate: 1 });
    publish(...symbols);
    drain(one);
    publish(...symbols, ...mixed);
    expectOneWalk(inserted(() => time.advance(1_000)));
  });

  it("are inserted in that order when a replay is paused", () => {
    const { watch, publish } = testWatch({ symbols });
    publish(...mixed, ...mixed);
    const one = watch({ position: { case: "fromOldest", value: true } });
    expectOneWalk(inserted(() => pause(one, PauseMode.CONFLATE, "*")));
  });

  it("become ready in that order when a rate limit starts for a lossless reader", () => {
    const { watch, publish } = testWatch({ symbols });
    const one = watch({ slowReaderPolicy: DISCONNECT });
    drain(one);
    publish(...mixed);
    expectOneWalk(inserted(() => setRate(one, 1, "*")));
  });

  it("become ready in that order if the log has evicted the missed quotes", () => {
    const { watch, publish } = testWatch({ symbols, maxLogged: 60 });
    const one = watch();
    drain(one);
    pause(one, PauseMode.REPLAY, "*");
    publish(...symbols, ...symbols, ...mixed);
    expectOneWalk(inserted(() => resume(one, "*")));
  });
});

describe("SetRate", () => {
  it("sends the first quote immediately, then the newest one when it is due, and counts the others", () => {
    const { one, publish, time } = caughtUp();
    setRate(one, 2, "A");
    publish("A", "B");
    expect(summarize(one)).toEqual(["commandResult @0", "live A1,B1 @2"]);
    publish("A", "A", "A", "B");
    expect(summarize(one)).toEqual(["live B2 @4"]);
    time.advance(499);
    expect(summarize(one)).toEqual([]);
    time.advance(1);
    expect(summarize(one)).toEqual(["live A4 @6"]);
    time.advance(testHeartbeatMillis - 500);
    expect(one.next()?.event.value).toMatchObject({ conflated: 2n });
    publish("A");
    expect(summarize(one)).toEqual(["live A5 @7"]);
  });

  it("has no timer if no quote is deferred, and one for any number of deferred quotes", () => {
    const { one, publish, time } = caughtUp({ maxRate: 1 });
    expect(time.timers.count).toBe(heartbeatTimers);
    publish("A", "B", "C");
    drain(one);
    publish("A", "B", "C", "C");
    expect(time.timers.count).toBe(heartbeatTimers + 1);
    time.advance(1_000);
    expect(time.timers.count).toBe(heartbeatTimers);
    expect(summarize(one)).toEqual(["live A2,B2,C3 @7"]);
  });

  it("sends each symbol when it is due, regardless of added and removed symbols", () => {
    const { one, publish, time } = caughtUp();
    setRate(one, 1, "A");
    setRate(one, 4, "B");
    setRate(one, 2, "C");
    publish("A", "B", "C");
    drain(one);
    publish("A", "B", "C");
    const times = [250, 250, 500].map((millis) => {
      time.advance(millis);
      return summarize(one);
    });
    expect(times).toEqual([["live B2 @3"], ["live C2 @3"], ["live A2 @6"]]);
    publish("A", "B", "C");
    give(one, { case: "unsubscribe", value: { symbols: ["A"] } });
    time.advance(1_000);
    expect(drain(one).flatMap(({ quotes }) => quotes.map(({ symbol }) => symbol))).toEqual(["B", "C"]);
    expect(time.timers.count).toBe(heartbeatTimers);
  });

  it("sends a deferred quote immediately if the limit is removed, and later if the limit becomes stricter", () => {
    const { one, publish, time } = caughtUp({ maxRate: 1 });
    publish("A", "B");
    drain(one);
    publish("A", "B");
    setRate(one, undefined, "A");
    setRate(one, 0.1, "B");
    expect(summarize(one)).toEqual(["commandResult @2", "commandResult @2", "live A2 @3"]);
    time.advance(9_999);
    expect(summarize(one)).toEqual([]);
    time.advance(1);
    expect(summarize(one)).toEqual(["live B2 @4"]);
  });

  it("conflates for a lossless reader, queued quotes included", () => {
    const { one, publish } = caughtUp({ slowReaderPolicy: DISCONNECT });
    publish("A", "B", "A", "B");
    setRate(one, 1, "A");
    publish("A");
    expect(summarize(one)).toEqual(["commandResult @1", "live B1,B2,A3 @5"]);
  });

  it("does not limit the rate of a replay", () => {
    const { one, publish } = caughtUp({ maxRate: 0.001 });
    pause(one, PauseMode.REPLAY, "A");
    publish("A", "A", "A");
    resume(one, "A");
    expect(drain(one).flatMap(({ quotes }) => quotes)).toHaveLength(3);
  });
});
