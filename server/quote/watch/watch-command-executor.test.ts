import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { SlowReaderPolicy, SubscriptionStatus, WatchCommandSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import { SharedLimit } from "../../transport/protection/shared-limit.ts";
import { subscriptionLimit } from "../hub/quote-hub.ts";
import { caughtUp, drain, give, summarize, testWatch } from "../testing/test-watch.ts";
import { maxStartResultSymbols, maxWaitingResults } from "./quote-watch.ts";

const { ACCEPTED, UNKNOWN_SYMBOL, NOT_SUBSCRIBED, TOO_MANY } = SubscriptionStatus;
const { DISCONNECT } = SlowReaderPolicy;

describe("Subscribe", () => {
  it("has a result for each symbol, sends a snapshot of the new ones, and then their quotes", () => {
    const { one, publish } = caughtUp({ symbols: ["A"] });
    publish("A", "B", "B", "C");
    const { subscriptions } = give(one, { case: "subscribe", value: { symbols: ["B", "X", "A", "B"] } });
    expect(subscriptions.map(({ symbol, status }) => [symbol, status])).toEqual([
      ["B", ACCEPTED],
      ["X", UNKNOWN_SYMBOL],
      ["A", ACCEPTED],
    ]);
    publish("B", "C");
    expect(summarize(one)).toEqual(["commandResult @0", "snapshot B3 @0", "live A1 @6"]);
  });

  it("subscribes to all instruments with `*`, and does not change existing subscriptions", () => {
    const { one, publish } = caughtUp({ symbols: ["B"] });
    publish("A", "B", "C");
    give(one, { case: "subscribe", value: { symbols: ["*"] } });
    expect(summarize(one)).toEqual(["commandResult @0", "snapshot A1,C1 @1", "live B1 @3"]);
  });

  it("refuses the symbols beyond the limit of a stream", () => {
    const { watch } = testWatch();
    const one = watch({ symbols: ["C"] }, 2);
    const { subscriptions } = give(one, { case: "subscribe", value: { symbols: ["*"] } });
    expect(subscriptions.map(({ status }) => status)).toEqual([ACCEPTED, TOO_MANY, ACCEPTED]);
    give(one, { case: "unsubscribe", value: { symbols: ["C"] } });
    const again = give(one, { case: "subscribe", value: { symbols: ["B"] } });
    expect(again.subscriptions.map(({ status }) => status)).toEqual([ACCEPTED]);
  });

  it("refuses the symbols beyond the limit of all streams, until another stream ends some", () => {
    const { watch } = testWatch({ subscriptionLimit: new SharedLimit(subscriptionLimit, { max: 4 }) });
    const other = watch({ symbols: ["A", "B", "C"] });
    const one = watch({ symbols: ["C"] });
    const statuses = (symbol: string) =>
      give(one, { case: "subscribe", value: { symbols: [symbol] } }).subscriptions.map(({ status }) => status);
    expect(statuses("A")).toEqual([TOO_MANY]);
    give(other, { case: "unsubscribe", value: { symbols: ["B"] } });
    expect([statuses("A"), statuses("B")]).toEqual([[ACCEPTED], [TOO_MANY]]);
    other[Symbol.dispose]();
    expect(statuses("B")).toEqual([ACCEPTED]);
  });

  it("refuses the symbols beyond a client's share, and accepts those of other clients", () => {
    const limit = new SharedLimit(subscriptionLimit, { max: 4, peerShare: 0.5 });
    const { watch } = testWatch({ subscriptionLimit: limit });
    const statuses = (one: ReturnType<typeof watch>) =>
      give(one, { case: "subscribe", value: { symbols: ["*"] } }).subscriptions.map(({ status }) => status);
    const [greedy, second] = [watch({ symbols: ["A"] }, undefined, "a"), watch({ symbols: ["A"] }, undefined, "a")];
    expect([statuses(greedy), limit.usedBy("a")]).toEqual([[ACCEPTED, TOO_MANY, TOO_MANY], 2]);
    const other = watch({ symbols: ["B"] }, undefined, "b");
    expect([statuses(other), limit.usedBy("b")]).toEqual([[ACCEPTED, ACCEPTED, TOO_MANY], 2]);
    for (const each of [greedy, second, other]) each[Symbol.dispose]();
    expect([limit.used, limit.peerCount]).toEqual([0, 0]);
  });

  it("uses the rate of the stream if it has none", () => {
    const { one } = caughtUp({ symbols: ["A"], maxRate: 4 });
    give(one, { case: "subscribe", value: { symbols: ["B"] } });
    give(one, { case: "subscribe", value: { symbols: ["C"], maxRate: 0.5 } });
    const { subscriptions } = give(one, { case: "listSubscriptions", value: {} });
    expect(subscriptions.map(({ symbol, maxRate }) => [symbol, maxRate])).toEqual([
      ["A", 4],
      ["B", 4],
      ["C", 0.5],
    ]);
  });
});

describe("Unsubscribe", () => {
  it.each([SlowReaderPolicy.CONFLATE, DISCONNECT])(
    "drops queued quotes, and sends no more (%i)",
    (slowReaderPolicy) => {
      const { one, publish } = caughtUp({ slowReaderPolicy });
      publish("A", "B");
      const { subscriptions } = give(one, { case: "unsubscribe", value: { symbols: ["A", "X"] } });
      expect(subscriptions.map(({ symbol, status }) => [symbol, status])).toEqual([
        ["A", ACCEPTED],
        ["X", UNKNOWN_SYMBOL],
      ]);
      publish("A");
      expect(summarize(one)).toEqual(["commandResult @1", "live B1 @3"]);
      const again = give(one, { case: "unsubscribe", value: { symbols: ["A"] } });
      expect(again.subscriptions.map(({ status }) => status)).toEqual([NOT_SUBSCRIBED]);
    },
  );

  it("ends all subscriptions with `*`", () => {
    const { one, publish, hub } = caughtUp({ symbols: ["A", "C"] });
    const { subscriptions } = give(one, { case: "unsubscribe", value: { symbols: ["*"] } });
    expect(subscriptions.map(({ symbol }) => symbol)).toEqual(["A", "C"]);
    publish("A", "B", "C");
    expect(summarize(one)).toEqual(["commandResult @3"]);
    expect([...hub.listings.values()].map(({ subscriptions }) => subscriptions.length)).toEqual([0, 0, 0]);
  });
});

describe("commands", () => {
  it("return the client's time and the server's for a ping", () => {
    const { one, time } = caughtUp();
    time.advance(250);
    const { id, pong } = give(one, { case: "ping", value: { clientTime: { seconds: 5n, nanos: 1 } } }, 77n);
    expect([id, pong?.clientTime?.seconds, pong?.serverTime]).toMatchObject([
      77n,
      5n,
      { seconds: 1_767_623_400n, nanos: 250_000_000 },
    ]);
  });

  it.each([
    { seconds: 253_402_300_800n, nanos: 0 },
    { seconds: 0n, nanos: -1 },
  ])("refuse a ping with a time that JSON cannot represent", (clientTime) => {
    const { one } = caughtUp();
    expect(() => give(one, { case: "ping", value: { clientTime } })).toThrow(
      "ping.client_time: must be in the years 1 to 9999",
    );
  });

  it("have the same result in the stream, in their order and before the next quotes", () => {
    const { one, publish } = caughtUp();
    publish("A");
    const results = [1n, 2n, 3n].map((id) => give(one, { case: "ping", value: {} }, id));
    const answers = drain(one).map(({ event }) => event.value);
    expect(answers).toEqual([...results, undefined]);
  });

  it("are refused while too many results are unread, and accepted when one was read", async () => {
    const { one } = caughtUp();
    for (let at = 0; at < maxWaitingResults; at++) give(one, { case: "ping", value: {} });
    expect(() => give(one, { case: "ping", value: {} })).toThrow(LimitError);
    const capacity = one.waitForCapacity();
    one.next();
    await capacity;
    expect(() => give(one, { case: "ping", value: {} })).not.toThrow();
  });

  it("are refused while the unread results have too many symbols", () => {
    const symbols = Array.from({ length: 5_000 }, (_, at) => `S${at}`);
    const { watch } = testWatch({ symbols });
    const one = watch();
    for (let at = 0; at < 4; at++) give(one, { case: "listSubscriptions", value: {} });
    expect(() => give(one, { case: "ping", value: {} })).toThrow(LimitError);
  });

  it("of the start request have a separate limit on the symbols of their results", () => {
    const symbols = Array.from({ length: 10_000 }, (_, at) => `S${at}`);
    const { watch } = testWatch({ symbols });
    const list = create(WatchCommandSchema, { command: { case: "listSubscriptions", value: {} } });
    const most = maxStartResultSymbols / symbols.length;
    const one = watch();
    one.runStartCommands(Array.from({ length: most }, () => list));
    expect(drain(one).filter(({ event }) => event.case === "commandResult")).toHaveLength(most);
    expect(() => watch().runStartCommands(Array.from({ length: most + 1 }, () => list))).toThrow(InvalidFieldError);
  });

  it("have no effect on a failed stream", () => {
    const { watch, publish, hub } = testWatch({ maxWaiting: 1 });
    const one = watch({ symbols: ["A"], slowReaderPolicy: DISCONNECT });
    drain(one);
    expect(one.isOver).toBe(false);
    publish("A", "A");
    expect(one.isOver).toBe(true);
    give(one, { case: "subscribe", value: { symbols: ["B"] } });
    expect([...hub.listings.values()].map(({ subscriptions }) => subscriptions.length)).toEqual([0, 0, 0]);
  });

  it("must not be empty", () => {
    expect(() => give(caughtUp().one, undefined)).toThrow("command: is empty");
  });
});
