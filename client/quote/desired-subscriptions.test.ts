import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { SubscriptionSchema, SubscriptionStatus, WatchCommandSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { DesiredSubscriptions } from "./desired-subscriptions.ts";

const { ACCEPTED, UNKNOWN_SYMBOL, TOO_MANY } = SubscriptionStatus;

function subscription(symbol: string, status: SubscriptionStatus = ACCEPTED) {
  return create(SubscriptionSchema, { symbol, status });
}

function wishesOf(...symbols: string[]): DesiredSubscriptions {
  const wishes = new DesiredSubscriptions(symbols, 0);
  wishes.started(symbols.map((symbol) => subscription(symbol)));
  return wishes;
}

/** Gives a command about symbols, and its answer. */
function give(
  wishes: DesiredSubscriptions,
  kind: "subscribe" | "unsubscribe",
  symbols: string[],
  ...answer: (string | object)[]
) {
  const { command } = create(WatchCommandSchema, { command: { case: kind, value: { symbols } } });
  wishes.done(
    command,
    answer.map((each) => (typeof each === "string" ? subscription(each) : create(SubscriptionSchema, each))),
  );
}

test("only what was accepted is asked for again", () => {
  const wishes = wishesOf("A");
  const refused = [
    { symbol: "NONE", status: UNKNOWN_SYMBOL },
    { symbol: "MANY", status: TOO_MANY },
  ];
  give(wishes, "subscribe", ["B", "NONE", "MANY"], "B", ...refused);
  expect([...wishes.symbols]).toEqual(["A", "B"]);
  expect([...wishes.unseen]).toEqual(["B"]);
});

test("what the first start was asked for stays wished for, though it was refused", () => {
  const wishes = new DesiredSubscriptions(["A", "NONE"], 0);
  wishes.started([subscription("A"), subscription("NONE", UNKNOWN_SYMBOL)]);
  expect([...wishes.symbols]).toEqual(["A", "NONE"]);
  expect([...wishes.subscribed.keys()]).toEqual(["A"]);
});

test("all instruments take the place of names, and names add nothing to them", () => {
  const wishes = wishesOf("A");
  give(wishes, "subscribe", ["*"], "A", "B");
  give(wishes, "subscribe", ["B"], "B");
  expect([...wishes.symbols]).toEqual(["*"]);
  expect([...wishes.unseen]).toEqual(["B"]);
  wishes.saw("B");
  expect([...wishes.unseen]).toEqual([]);
});

test("all but one are their names", () => {
  const wishes = wishesOf("A");
  give(wishes, "subscribe", ["*"], "A", "B", "C");
  give(wishes, "unsubscribe", ["B"], "B");
  expect([...wishes.symbols]).toEqual(["A", "C"]);
});

test("nothing is left of all that were taken off, not even what was refused", () => {
  const wishes = new DesiredSubscriptions(["A", "NONE"], 0);
  wishes.started([subscription("A"), subscription("NONE", UNKNOWN_SYMBOL)]);
  give(wishes, "unsubscribe", ["*"], "A");
  expect(wishes.isEmpty).toBe(true);
  expect(wishes.allPaused).toBe(false);
});
