import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { PauseMode, QuotePhase, QuoteSchema, SubscriptionSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { GapDetector } from "./gap-detector.ts";
import { quoteOf } from "./testing/fake-quote-service.ts";
import type { Gap } from "./watch-update.ts";

const { LIVE, SNAPSHOT } = QuotePhase;

function setUp(conflates: boolean) {
  const detector = new GapDetector(conflates);
  /** Classifies a quote: old, next, or the cause of the gap before it. */
  const take = (instrumentSeq: number, phase: QuotePhase = LIVE, symbol = "ACME") => {
    const gaps: Gap[] = [];
    if (!detector.accept(create(QuoteSchema, quoteOf(symbol, instrumentSeq)), phase, gaps)) return "old";
    return gaps[0]?.cause ?? "next";
  };
  const note = (subscription: MessageInitShape<typeof SubscriptionSchema>) =>
    detector.updateSubscription(create(SubscriptionSchema, { symbol: "ACME", ...subscription }));
  return { detector, take, note };
}

test("the quotes of each symbol are checked separately", () => {
  const { take } = setUp(false);
  expect([take(3), take(7, LIVE, "BETA"), take(4), take(8, LIVE, "BETA")]).toEqual(["next", "next", "next", "next"]);
  expect([take(4), take(8, LIVE, "BETA"), take(6), take(5)]).toEqual(["old", "old", "lost", "old"]);
});

test("a pause that conflates explains one gap, and one that replays explains only what the server reports as skipped", () => {
  const { take, note } = setUp(false);
  take(10);
  note({ paused: PauseMode.CONFLATE });
  expect([take(12), take(14)]).toEqual(["skipped", "lost"]);
  note({ paused: PauseMode.REPLAY });
  expect(take(16)).toBe("lost");
  note({ skipped: 1n });
  expect([take(18), take(20)]).toEqual(["skipped", "lost"]);
});

test("a rate limit explains gaps while it is set, and one gap after it", () => {
  const { take, note } = setUp(false);
  take(10);
  note({ maxRate: 2 });
  expect([take(12), take(14)]).toEqual(["skipped", "skipped"]);
  note({ maxRate: 0 });
  expect([take(16), take(18)]).toEqual(["skipped", "lost"]);
});

test("a snapshot explains the gap before it", () => {
  const { take } = setUp(false);
  expect([take(10), take(20, SNAPSHOT), take(22)]).toEqual(["next", "skipped", "lost"]);
});

test("the quotes missing by conflation are counted per stream, without those before its first quote", () => {
  const { detector, take } = setUp(true);
  take(10);
  take(13);
  expect(detector.missingByConflation).toBe(2n);
  detector.beginStream();
  take(20);
  expect(detector.missingByConflation).toBe(0n);
  take(25);
  expect(detector.missingByConflation).toBe(4n);
});

test("a new epoch can start with any sequence number", () => {
  const { detector, take } = setUp(false);
  take(10);
  detector.beginEpoch();
  expect([take(1), take(2)]).toEqual(["next", "next"]);
});
