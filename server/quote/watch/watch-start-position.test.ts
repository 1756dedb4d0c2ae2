import { describe, expect, it } from "vitest";
import { CursorProblem, PauseMode, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { CursorOutOfRangeError, ReplayOverrunError } from "../quote-errors.ts";
import { drain, give, summarize, testHeartbeatMillis, testWatch } from "../testing/test-watch.ts";
import { maxScannedQuotes } from "./log-replay.ts";
import { maxQuotesInResponse } from "./quote-watch.ts";

const { TOO_OLD, OTHER_EPOCH, AHEAD } = CursorProblem;

const resumeAfter = (seq: number, epoch = 9n) =>
  ({ position: { case: "resumeAfter", value: { epoch, seq: BigInt(seq) } } }) as const;
const fromOldest = { position: { case: "fromOldest", value: true } } as const;

describe("a stream that is resumed", () => {
  it("replays all quotes after the cursor, catches up, and continues live", () => {
    const { watch, publish } = testWatch();
    publish("A", "B", "A", "C", "A");
    const one = watch({ symbols: ["A", "B"], ...resumeAfter(2) });
    expect(summarize(one)).toEqual(["started @2", "replay A2,A3 @5", "caughtUp @5"]);
    publish("B");
    expect(summarize(one)).toEqual(["live B2 @6"]);
  });

  it("replays nothing at the end of the log", () => {
    const { watch, publish } = testWatch();
    publish("A", "B");
    expect(summarize(watch(resumeAfter(2)))).toEqual(["started @2", "caughtUp @2"]);
    expect(summarize(testWatch().watch(resumeAfter(0)))).toEqual(["started @0", "caughtUp @0"]);
  });

  it("replays the whole log with from_oldest", () => {
    const { watch, publish } = testWatch({ maxLogged: 3 });
    publish("B", "A", "A", "C", "A");
    expect(summarize(watch(fromOldest))).toEqual(["started @2", "replay A2,C1,A3 @5", "caughtUp @5"]);
  });

  it("starts with the oldest quote that the log has when it is read, also for a lossless reader", () => {
    const { watch, publish, time } = testWatch({ maxLogged: 3 });
    publish("C", "B", "A", "A", "A");
    const one = watch({ ...fromOldest, slowReaderPolicy: SlowReaderPolicy.DISCONNECT });
    expect(one.next()?.event.case).toBe("started");
    publish("A", "B");
    expect(summarize(one)).toEqual(["replay A3,A4 @6", "caughtUp @6", "live B2 @7"]);
    time.advance(testHeartbeatMillis);
    expect(one.next()?.event.value).toMatchObject({ conflated: 0n });
  });

  it("can be paused before the replay has reached a symbol", () => {
    const { watch, publish } = testWatch();
    publish("A", "B", "A");
    const one = watch(fromOldest);
    const symbols = ["A", "B"];
    give(one, { case: "pause", value: { symbols, mode: PauseMode.CONFLATE } });
    const { subscriptions } = give(one, { case: "resume", value: { symbols } });
    expect(subscriptions.map(({ skipped }) => skipped)).toEqual([1n, 0n]);
    give(one, { case: "pause", value: { symbols, mode: PauseMode.REPLAY } });
    give(one, { case: "resume", value: { symbols } });
    expect(drain(one).flatMap(({ quotes }) => quotes.map(({ seq }) => seq))).toEqual([2n, 3n]);
  });

  it("reads the log in pages on demand, and replays also the quotes that are published meanwhile", () => {
    const { watch, publish } = testWatch();
    publish(...Array.from({ length: maxQuotesInResponse + 1 }, () => "A"));
    const one = watch(fromOldest);
    expect([one.next()?.quotes.length, one.next()?.quotes.length]).toEqual([0, maxQuotesInResponse]);
    publish("A", "B");
    expect(summarize(one)).toEqual(["live B1 @500", "replay A501,A502 @503", "caughtUp @503"]);
  });

  it("yields to other calls while it scans many quotes of other symbols", async () => {
    const { watch, publish } = testWatch();
    publish(...Array.from({ length: maxScannedQuotes + 1 }, () => "A"), "B");
    const one = watch({ symbols: ["B"], ...fromOldest });
    expect(summarize(one)).toEqual(["started @0"]);
    await one.wait();
    expect(summarize(one)).toEqual([`replay B1 @${maxScannedQuotes + 2}`, `caughtUp @${maxScannedQuotes + 2}`]);
  });

  it("skips quotes that the log evicts before they are read, and counts them", () => {
    const symbols = Array.from({ length: maxQuotesInResponse + 10 }, (_, at) => `S${at}`);
    const { watch, publish, time } = testWatch({ symbols, maxLogged: 2_000 });
    publish(...symbols, ...symbols);
    const one = watch(resumeAfter(0));
    one.next();
    publish(...Array.from({ length: 2_000 }, () => "S0"));
    time.advance(testHeartbeatMillis);
    const responses = drain(one);
    const quotes = responses.flatMap((response) => response.quotes);
    // Receives the newest 2,000 of 2,002 quotes of S0, and of each other symbol the newest, which only the hub has.
    expect(quotes.filter(({ symbol }) => symbol === "S0")).toHaveLength(2_000);
    expect(new Set(quotes.map(({ symbol }) => symbol)).size).toBe(symbols.length);
    expect(quotes).toHaveLength(2_000 + symbols.length - 1);
    expect(responses.every((response) => response.quotes.length <= maxQuotesInResponse)).toBe(true);
    time.advance(testHeartbeatMillis);
    expect(one.next()?.event.value).toMatchObject({ conflated: BigInt(2 + symbols.length - 1) });
  });

  it("has no cursor beyond a quote that the log has evicted before it was sent", () => {
    const { watch, publish } = testWatch({ maxLogged: 600 });
    publish("A", ...Array.from({ length: 599 }, () => "B"));
    const one = watch({ symbols: ["A", "B"], ...resumeAfter(0) });
    one.next();
    publish("B");
    const [replayed, ...rest] = drain(one);
    expect([replayed?.quotes.length, replayed?.cursor?.seq]).toEqual([maxQuotesInResponse, 0n]);
    expect(rest.flatMap(({ quotes }) => quotes.filter(({ symbol }) => symbol === "A"))).toHaveLength(1);
    expect(rest.map(({ cursor }) => cursor?.seq)).toEqual([601n, 601n]);
  });

  it("has no cursor beyond an evicted quote, also if a full response ends at the end of the log", () => {
    const { watch, publish } = testWatch({ maxLogged: maxQuotesInResponse });
    publish("A", ...Array.from({ length: 400 }, () => "B"));
    const one = watch({ symbols: ["A", "B"], ...resumeAfter(0) });
    one.next();
    publish(...Array.from({ length: maxQuotesInResponse }, () => "B"));
    const [replayed, ...rest] = drain(one);
    expect([replayed?.quotes.length, replayed?.cursor?.seq]).toEqual([maxQuotesInResponse, 0n]);
    expect(rest.map(({ quotes, cursor }) => [quotes.length, cursor?.seq])).toEqual([
      [1, 901n],
      [0, 901n],
    ]);
  });

  it("remains resumable after a skip that leaves no symbol to replay", () => {
    const { watch, publish } = testWatch({ maxLogged: 600 });
    publish("A", "B");
    const one = watch({ symbols: ["A", "B"], ...resumeAfter(0) });
    one.next();
    publish(...Array.from({ length: 700 }, () => "B"), "A");
    expect(one.next()?.cursor?.seq).toBe(603n);
  });

  it("fails after an eviction if the reader is lossless, and keeps its cursor", () => {
    const { watch, publish } = testWatch({ maxLogged: 600 });
    publish(...Array.from({ length: 550 }, () => "A"));
    const one = watch({ ...fromOldest, slowReaderPolicy: SlowReaderPolicy.DISCONNECT });
    expect([one.next()?.event.case, one.next()?.quotes.length]).toEqual(["started", 500]);
    publish(...Array.from({ length: 552 }, () => "A"));
    expect(() => one.next()).toThrow(ReplayOverrunError);
    expect([one.sentSeq, one.sentCount]).toEqual([500n, 500]);
  });
});

describe("a cursor that the log does not have", () => {
  it.each([
    ["too old", 1, 9n, TOO_OLD],
    ["of another epoch", 4, 8n, OTHER_EPOCH],
    ["ahead of the log", 6, 9n, AHEAD],
    ["made up", Number.MAX_SAFE_INTEGER, 2n ** 64n - 1n, OTHER_EPOCH],
  ])("that is %s is refused with the available range, or causes a reset", (_what, seq, epoch, problem) => {
    const { watch, publish, hub } = testWatch({ maxLogged: 3 });
    publish("A", "B", "A", "C", "A");
    const detail = {
      requested: { epoch, seq: BigInt(seq) },
      problem,
      oldest: { epoch: 9n, seq: 2n },
      newest: { epoch: 9n, seq: 5n },
    };
    let error: unknown;
    try {
      watch(resumeAfter(seq, epoch));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CursorOutOfRangeError);
    expect(error).toMatchObject({ detail });
    expect(hub.subscriberCount).toBe(0);

    const one = watch({ ...resumeAfter(seq, epoch), resetIfOutOfRange: true });
    const responses = drain(one);
    expect(responses.map(({ event, quotes }) => event.case ?? quotes.length)).toEqual([
      "started",
      "reset",
      3,
      "caughtUp",
    ]);
    expect(responses[1]?.event.value).toMatchObject({ cause: detail });
    expect(one.sentSeq).toBe(5n);
  });

  it("is accepted at both ends of the log", () => {
    const { watch, publish } = testWatch({ maxLogged: 3 });
    publish("A", "B", "A", "C", "A");
    expect(summarize(watch(resumeAfter(2)))).toEqual(["started @2", "replay A2,C1,A3 @5", "caughtUp @5"]);
    expect(summarize(watch(resumeAfter(5)))).toEqual(["started @5", "caughtUp @5"]);
  });

  it("is invalid if it is negative", () => {
    const { watch } = testWatch();
    expect(() => watch({ ...resumeAfter(-1), resetIfOutOfRange: true })).toThrow(InvalidFieldError);
  });
});
