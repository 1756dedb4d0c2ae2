import { describe, expect, it } from "vitest";
import { QuotePhase, SlowReaderPolicy, SubscriptionStatus } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import { drain, give, summarize, testHeartbeatMillis, testWatch } from "../testing/test-watch.ts";
import { maxWaitingQuotes } from "./lossless-queue.ts";
import { maxQuotesInResponse } from "./quote-watch.ts";

const { DISCONNECT } = SlowReaderPolicy;

describe("a stream of quotes", () => {
  it("sends started, a snapshot, caught_up, and then live quotes", () => {
    const { watch, publish } = testWatch();
    publish("A", "B", "A");
    const one = watch();
    expect(summarize(one)).toEqual(["started @1", "snapshot B1,A2 @3", "caughtUp @3"]);
    publish("B", "C");
    expect(summarize(one)).toEqual(["live B2,C1 @5"]);
    expect([one.sentCount, one.sentSeq]).toEqual([4, 5n]);
  });

  it("sends no snapshot if there are no quotes", () => {
    const { watch } = testWatch();
    expect(summarize(watch())).toEqual(["started @0", "caughtUp @0"]);
  });

  it("sends its id and a status for each symbol first, each once and in the requested order", () => {
    const { watch } = testWatch();
    const first = watch({ symbols: ["C", "X", "A", "C"], maxRate: 2 }).next();
    expect(first?.event.value).toMatchObject({
      streamId: "stream-1",
      subscriptions: [
        { symbol: "C", status: SubscriptionStatus.ACCEPTED, maxRate: 2 },
        { symbol: "X", status: SubscriptionStatus.UNKNOWN_SYMBOL, maxRate: 0 },
        { symbol: "A", status: SubscriptionStatus.ACCEPTED, maxRate: 2 },
      ],
    });
  });

  it("subscribes to all instruments if `*` is among the symbols", () => {
    const { watch } = testWatch();
    const { event } = watch({ symbols: ["B", "*"] }).next() ?? {};
    expect(event?.value).toMatchObject({ subscriptions: [{ symbol: "A" }, { symbol: "B" }, { symbol: "C" }] });
  });

  it("splits a large snapshot, which contains quotes that are published meanwhile", () => {
    const symbols = Array.from({ length: maxQuotesInResponse + 1 }, (_, index) => `S${index}`);
    const { watch, publish } = testWatch({ symbols });
    publish(...symbols);
    const one = watch();
    const started = one.next();
    publish("S0");
    const rest = drain(one);
    expect([started, ...rest].map((response) => response?.quotes.length)).toEqual([0, maxQuotesInResponse, 1, 0]);
    expect(rest.map((response) => response.cursor?.seq)).toEqual([500n, 502n, 502n]);
    expect(rest[0]?.phase).toBe(QuotePhase.SNAPSHOT);
    expect(rest[0]?.quotes.at(-1)).toMatchObject({ symbol: "S0", instrumentSeq: 2n });
  });

  it("sends a busy symbol as often as others, with its newest quote, in the order of the log", () => {
    const symbols = Array.from({ length: 2 * maxQuotesInResponse }, (_, index) => `S${index}`);
    const { watch, publish } = testWatch({ symbols });
    const one = watch();
    drain(one);
    publish(...symbols);
    const turns = Array.from({ length: 6 }, (_, index) => {
      publish("S0", `S${500 + index}`, "S0", `S${index + 1}`);
      const { quotes = [], cursor } = one.next() ?? {};
      const seqs = quotes.map(({ seq }) => Number(seq));
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      return [quotes.find(({ symbol }) => symbol === "S0")?.instrumentSeq, quotes.length, cursor?.seq];
    });
    expect(turns).toEqual([
      [3n, 500, 500n],
      [undefined, 500, 1_004n],
      [7n, 4, 1_012n],
      [9n, 3, 1_016n],
      [11n, 3, 1_020n],
      [13n, 3, 1_024n],
    ]);
  });

  it("sends the quotes of a lossless reader that are published during a snapshot after it", () => {
    const { watch, publish } = testWatch();
    publish("A");
    const one = watch({ slowReaderPolicy: DISCONNECT });
    one.next();
    publish("A", "A");
    expect(summarize(one)).toEqual(["snapshot A1 @1", "caughtUp @1", "live A2,A3 @3"]);
  });

  it("splits a large burst into responses, each with a cursor that is valid for all symbols", () => {
    const { watch, publish } = testWatch();
    const one = watch({ slowReaderPolicy: DISCONNECT });
    drain(one);
    publish(...Array.from({ length: maxQuotesInResponse + 2 }, () => "A"));
    const parts = drain(one).map(({ quotes, cursor }) => [quotes.length, cursor?.seq]);
    expect(parts).toEqual([
      [500, 500n],
      [2, 502n],
    ]);
  });

  it("counts a response as sent when the next one is requested", () => {
    const { watch, publish } = testWatch();
    const one = watch();
    drain(one);
    publish("A");
    one.next();
    expect([one.sentCount, one.sentSeq]).toEqual([0, 0n]);
    one.next();
    expect([one.sentCount, one.sentSeq]).toEqual([1, 1n]);
  });

  it("has no cursor beyond the sent part of a snapshot", () => {
    const symbols = Array.from({ length: maxQuotesInResponse + 10 }, (_, index) => `S${index}`);
    const { watch, publish } = testWatch({ symbols });
    publish("S0", ...symbols);
    const one = watch();
    const places = Array.from({ length: 5 }, () => {
      one.next();
      return one.sentSeq;
    });
    expect(places).toEqual([0n, 1n, 501n, 511n, 511n]);
  });

  it("shares one message between streams with the same quotes and cursor", () => {
    const { watch, publish } = testWatch();
    const [one, two, other] = [watch(), watch({ slowReaderPolicy: DISCONNECT }), watch({ symbols: ["A"] })];
    for (const each of [one, two, other]) drain(each);
    publish("A", "B");
    expect(one.next()).toBe(two.next());
    expect(other.next()).not.toBe(one.next());
  });

  it("reports queued and skipped quotes, lag and source time in a heartbeat", () => {
    const { watch, publish, time } = testWatch();
    const one = watch({ symbols: ["A", "B"] });
    drain(one);
    time.advance(testHeartbeatMillis - 1_500);
    publish("A", "B", "A");
    time.advance(1_500);
    expect(one.next()).toMatchObject({
      cursor: { seq: 0n },
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

  it("sends one heartbeat if several became due while the reader was slow", () => {
    const { watch, time } = testWatch();
    const one = watch();
    drain(one);
    time.advance(5 * testHeartbeatMillis);
    expect(summarize(one)).toEqual(["heartbeat @0"]);
  });

  it("wakes its reader for quotes, heartbeats, commands, an abort, and a failure", async () => {
    const { watch, publish, time, abort } = testWatch();
    const one = watch();
    drain(one);
    const woken = async (cause: () => void) => {
      const waited = one.wait();
      cause();
      await waited;
    };
    await woken(() => publish("A"));
    expect(summarize(one)).toEqual(["live A1 @1"]);
    await woken(() => time.advance(testHeartbeatMillis));
    expect(summarize(one)).toEqual(["heartbeat @1"]);
    await woken(() => give(one, { case: "ping", value: {} }));
    expect(summarize(one)).toEqual(["commandResult @1"]);
    const two = watch();
    drain(two);
    const waited = two.wait();
    two.fail(new Error("a bad command"));
    await waited;
    expect(() => two.next()).toThrow("a bad command");
    await woken(() => abort.abort(new Error("the server is shutting down")));
    expect(() => one.next()).toThrow("the server is shutting down");
  });

  it("fails if a lossless reader is too slow, and keeps its cursor", () => {
    const { watch, publish } = testWatch();
    const one = watch({ slowReaderPolicy: DISCONNECT });
    publish("B");
    drain(one);
    publish(...Array.from({ length: maxWaitingQuotes + 1 }, () => "A"));
    expect(() => one.next()).toThrow(LimitError);
    expect([one.sentCount, one.sentSeq]).toEqual([1, 1n]);
  });

  it("leaves the hub immediately when the signal aborts, also if nothing requests the next response", () => {
    const { watch, time, hub, abort } = testWatch();
    watch().next();
    abort.abort();
    expect([hub.subscriberCount, time.timers.count]).toEqual([0, 0]);
  });

  it("leaves no subscriber, subscription or timer after its end", () => {
    const { watch, time, hub, publish } = testWatch();
    {
      using one = watch({ maxRate: 1 });
      drain(one);
      publish("A");
      drain(one);
      publish("A");
      expect([hub.subscriberCount, time.timers.count]).toEqual([1, 2]);
    }
    expect([hub.subscriberCount, time.timers.count]).toEqual([0, 0]);
    expect([...hub.listings.values()].map(({ subscriptions }) => subscriptions.length)).toEqual([0, 0, 0]);
  });
});
