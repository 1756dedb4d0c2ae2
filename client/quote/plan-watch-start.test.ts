import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CursorSchema, PauseMode, WatchCommandSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { DesiredState, DesiredSubscription } from "./desired-subscriptions.ts";
import { maxStartSymbols, planWatchStart, restoreCommandId, type WatchStartOptions } from "./plan-watch-start.ts";

const cursor = create(CursorSchema, { epoch: 7n, seq: 10n });
const resumeAfter = { case: "resumeAfter", value: cursor };
const plain = { paused: PauseMode.UNSPECIFIED, maxRate: 0 };
const resumable = { cursor, isResumable: true };

/** By default all symbols are subscribed to and seen. */
function desiredOf(
  symbols: readonly string[],
  { subscribed = symbols, unseen = [] as string[], maxRate = 0 } = {},
): DesiredState {
  const subscriptions = new Map<string, DesiredSubscription>(
    subscribed.map((symbol) => [symbol, { ...plain, maxRate }]),
  );
  return { symbols: new Set(symbols), subscribed: subscriptions, unseen: new Set(unseen), maxRate };
}

function commandOf(id: bigint, command: MessageInitShape<typeof WatchCommandSchema>["command"]) {
  return create(WatchCommandSchema, { id, ...(command && { command }) });
}

const subscribe = (id: bigint, symbols: string[], maxRate?: number) =>
  commandOf(id, { case: "subscribe", value: { symbols, ...(maxRate !== undefined && { maxRate }) } });

const all = desiredOf(["*"], { subscribed: ["A", "B"] });
const allButOneSeen = desiredOf(["*"], { subscribed: ["A", "B"], unseen: ["B"] });
const noneSeen = desiredOf(["A", "B"], { unseen: ["A", "B"] });
const empty = desiredOf([]);
const pending = [commandOf(1n, { case: "ping", value: {} }), subscribe(2n, ["A"]), subscribe(3n, ["B"])];

const cases: [string, Partial<WatchStartOptions>, object][] = [
  ["a snapshot at first", {}, { symbols: ["A", "B"], position: undefined, commands: [], carriedCommandId: undefined }],
  ["the oldest quote at first", { from: "oldest" }, { position: { case: "fromOldest", value: true } }],
  ["the quotes after a cursor at first", { from: cursor }, { position: resumeAfter }],
  ["the quotes after the cursor later", resumable, { symbols: ["A", "B"], position: resumeAfter, commands: [] }],
  [
    "the quotes after the cursor later, regardless of the first start",
    { ...resumable, from: "oldest" },
    { position: resumeAfter },
  ],
  [
    "a snapshot if an earlier one is incomplete",
    { cursor, from: "oldest" },
    { symbols: ["A", "B"], position: undefined },
  ],
  ["all instruments again", { ...resumable, desired: all }, { symbols: ["*"], position: resumeAfter, commands: [] }],
  ["all instruments if other names are requested too", { desired: desiredOf(["A", "*", "NONE"]) }, { symbols: ["*"] }],
  [
    "a command for an unseen symbol",
    { ...resumable, desired: desiredOf(["A", "B"], { unseen: ["B"] }) },
    { symbols: ["A"], position: resumeAfter, commands: [subscribe(restoreCommandId, ["B"])] },
  ],
  [
    "a command for all instruments if one is unseen",
    { ...resumable, desired: allButOneSeen },
    { symbols: ["A"], position: resumeAfter, commands: [subscribe(restoreCommandId, ["*"])] },
  ],
  [
    "a snapshot if no symbol was seen",
    { ...resumable, desired: noneSeen, from: "oldest" },
    { symbols: ["A", "B"], position: undefined, commands: [] },
  ],
  [
    "a snapshot if none of all instruments was seen",
    { ...resumable, desired: desiredOf(["*"], { subscribed: ["A"], unseen: ["A"] }) },
    { symbols: ["*"], position: undefined, commands: [] },
  ],
  [
    "the symbols of the first pending command if no symbol is desired",
    { ...resumable, desired: empty, pending },
    { symbols: ["A"], position: undefined, commands: [], carriedCommandId: 2n },
  ],
  [
    "the symbols of the first pending command with their rate",
    { desired: empty, pending: [subscribe(4n, ["A"], 0.5)], from: "oldest" },
    {
      symbols: ["A"],
      position: { case: "fromOldest", value: true },
      commands: [commandOf(restoreCommandId, { case: "setRate", value: { symbols: ["A"], maxRate: 0.5 } })],
      carriedCommandId: 4n,
    },
  ],
  ["no pending symbols if symbols are desired", { pending }, { symbols: ["A", "B"], carriedCommandId: undefined }],
];

test.each(cases)("a stream starts with %s", (_name, options, expected) => {
  const desired = desiredOf(["A", "B"]);
  const start = planWatchStart({
    desired,
    pending: [],
    cursor: undefined,
    isResumable: false,
    from: "snapshot",
    ...options,
  });
  expect(start).toMatchObject(expected);
});

test("pauses and rates that differ from those of the stream follow the added symbols", () => {
  const desired: DesiredState = {
    symbols: new Set(["A", "B", "C", "D"]),
    subscribed: new Map([
      ["A", { paused: PauseMode.REPLAY, maxRate: 5 }],
      ["B", { paused: PauseMode.UNSPECIFIED, maxRate: 0 }],
      ["C", { paused: PauseMode.REPLAY, maxRate: 2 }],
      ["D", { paused: PauseMode.CONFLATE, maxRate: 2 }],
    ]),
    unseen: new Set(["D"]),
    maxRate: 5,
  };
  const { commands } = planWatchStart({ desired, pending: [], ...resumable, from: "snapshot" });
  expect(commands).toEqual([
    subscribe(restoreCommandId, ["D"]),
    commandOf(restoreCommandId, { case: "pause", value: { symbols: ["A", "C"], mode: PauseMode.REPLAY } }),
    commandOf(restoreCommandId, { case: "pause", value: { symbols: ["D"], mode: PauseMode.CONFLATE } }),
    commandOf(restoreCommandId, { case: "setRate", value: { symbols: ["B"] } }),
    commandOf(restoreCommandId, { case: "setRate", value: { symbols: ["C", "D"], maxRate: 2 } }),
  ]);
});

test("refused symbols are left out if there are more symbols than a start can have", () => {
  const accepted = Array.from({ length: maxStartSymbols }, (_, index) => `S${index}`);
  const desired = desiredOf(["NONE", ...accepted], { subscribed: accepted });
  expect(planWatchStart({ desired, pending: [], ...resumable, from: "snapshot" }).symbols).toEqual(accepted);
});
