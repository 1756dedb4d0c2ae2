import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { SubscriptionSchema, SubscriptionStatus, WatchCommandSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { DesiredSubscriptions } from "./desired-subscriptions.ts";

const { ACCEPTED, UNKNOWN_SYMBOL, TOO_MANY } = SubscriptionStatus;

function subscription(symbol: string, status: SubscriptionStatus = ACCEPTED) {
  return create(SubscriptionSchema, { symbol, status });
}

function desiredOf(...symbols: string[]): DesiredSubscriptions {
  const desired = new DesiredSubscriptions(symbols, 0);
  desired.applyStart(symbols.map((symbol) => subscription(symbol)));
  return desired;
}

/** Applies the result of a command. */
function applyCommand(
  desired: DesiredSubscriptions,
  kind: "subscribe" | "unsubscribe",
  symbols: string[],
  ...answer: (string | object)[]
) {
  const { command } = create(WatchCommandSchema, { command: { case: kind, value: { symbols } } });
  desired.applyResult(
    command,
    answer.map((each) => (typeof each === "string" ? subscription(each) : create(SubscriptionSchema, each))),
  );
}

test("only accepted symbols are requested again", () => {
  const desired = desiredOf("A");
  const refused = [
    { symbol: "NONE", status: UNKNOWN_SYMBOL },
    { symbol: "MANY", status: TOO_MANY },
  ];
  applyCommand(desired, "subscribe", ["B", "NONE", "MANY"], "B", ...refused);
  expect([...desired.symbols]).toEqual(["A", "B"]);
  expect([...desired.unseen]).toEqual(["B"]);
});

test("the symbols of the first start stay requested, also if they were refused", () => {
  const desired = new DesiredSubscriptions(["A", "NONE"], 0);
  desired.applyStart([subscription("A"), subscription("NONE", UNKNOWN_SYMBOL)]);
  expect([...desired.symbols]).toEqual(["A", "NONE"]);
  expect([...desired.subscribed.keys()]).toEqual(["A"]);
});

test("the wildcard replaces names, and a later name has no effect", () => {
  const desired = desiredOf("A");
  applyCommand(desired, "subscribe", ["*"], "A", "B");
  applyCommand(desired, "subscribe", ["B"], "B");
  expect([...desired.symbols]).toEqual(["*"]);
  expect([...desired.unseen]).toEqual(["B"]);
  desired.markSeen("B");
  expect([...desired.unseen]).toEqual([]);
});

test("the wildcard without one symbol becomes the names of the others", () => {
  const desired = desiredOf("A");
  applyCommand(desired, "subscribe", ["*"], "A", "B", "C");
  applyCommand(desired, "unsubscribe", ["B"], "B");
  expect([...desired.symbols]).toEqual(["A", "C"]);
});

test("unsubscribing from the wildcard removes all symbols, refused ones included", () => {
  const desired = new DesiredSubscriptions(["A", "NONE"], 0);
  desired.applyStart([subscription("A"), subscription("NONE", UNKNOWN_SYMBOL)]);
  applyCommand(desired, "unsubscribe", ["*"], "A");
  expect(desired.isEmpty).toBe(true);
  expect(desired.allPaused).toBe(false);
});
