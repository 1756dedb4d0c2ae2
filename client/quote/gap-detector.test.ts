import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { PauseMode, QuotePhase, QuoteSchema, SubscriptionSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { GapDetector } from "./gap-detector.ts";
import { quoteOf } from "./testing/fake-quote-service.ts";
import type { Gap } from "./watch-update.ts";

const { LIVE, SNAPSHOT } = QuotePhase;

function setUp(conflates: boolean) {
  const continuity = new GapDetector(conflates);
  /** What a quote is: old, next, or after a gap that is skipped or lost. */
  const take = (instrumentSeq: number, phase: QuotePhase = LIVE, symbol = "ACME") => {
    const gaps: Gap[] = [];
    if (!continuity.accept(create(QuoteSchema, quoteOf(symbol, instrumentSeq)), phase, gaps)) return "old";
    return gaps[0]?.cause ?? "next";
  };
  const note = (subscription: MessageInitShape<typeof SubscriptionSchema>) =>
    continuity.note(create(SubscriptionSchema, { symbol: "ACME", ...subscription }));
  return { continuity, take, note };
}

test("each symbol counts by itself", () => {
  const { take } = setUp(false);
  expect([take(3), take(7, LIVE, "BETA"), take(4), take(8, LIVE, "BETA")]).toEqual(["next", "next", "next", "next"]);
  expect([take(4), take(8, LIVE, "BETA"), take(6), take(5)]).toEqual(["old", "old", "lost", "old"]);
});

test("a pause that conflates may leave quotes out once, and one that replays only what the server says", () => {
  const { take, note } = setUp(false);
  take(10);
  note({ paused: PauseMode.CONFLATE });
  expect([take(12), take(14)]).toEqual(["skipped", "lost"]);
  note({ paused: PauseMode.REPLAY });
  expect(take(16)).toBe("lost");
  note({ skipped: 1n });
  expect([take(18), take(20)]).toEqual(["skipped", "lost"]);
});

test("a rate may leave quotes out as long as it holds, and once more after it", () => {
  const { take, note } = setUp(false);
  take(10);
  note({ maxRate: 2 });
  expect([take(12), take(14)]).toEqual(["skipped", "skipped"]);
  note({ maxRate: 0 });
  expect([take(16), take(18)]).toEqual(["skipped", "lost"]);
});

test("quotes may be missing in front of a snapshot", () => {
  const { take } = setUp(false);
  expect([take(10), take(20, SNAPSHOT), take(22)]).toEqual(["next", "skipped", "lost"]);
});

test("what conflation left out is counted for each stream, but for what was left out before it", () => {
  const { continuity, take } = setUp(true);
  take(10);
  take(13);
  expect(continuity.conflated).toBe(2n);
  continuity.beginStream();
  take(20);
  expect(continuity.conflated).toBe(0n);
  take(25);
  expect(continuity.conflated).toBe(4n);
});

test("another epoch begins anew", () => {
  const { continuity, take } = setUp(false);
  take(10);
  continuity.beginEpoch();
  expect([take(1), take(2)]).toEqual(["next", "next"]);
});
