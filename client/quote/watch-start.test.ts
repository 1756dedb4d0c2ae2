import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CursorSchema, PauseMode, WatchCommandSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { DesiredState, DesiredSubscription } from "./desired-subscriptions.ts";
import { maxStartSymbols, reapplied, type WatchStartOptions, watchStart } from "./watch-start.ts";

const cursor = create(CursorSchema, { epoch: 7n, seq: 10n });
const resumeAfter = { case: "resumeAfter", value: cursor };
const plain = { paused: PauseMode.UNSPECIFIED, maxRate: 0 };
const resumable = { cursor, isResumable: true };

/** Wishes for symbols that are all subscribed to and seen, but for what is said. */
function wishesOf(
  symbols: readonly string[],
  { subscribed = symbols, unseen = [] as string[], maxRate = 0 } = {},
): DesiredState {
  const wishes = new Map<string, DesiredSubscription>(subscribed.map((symbol) => [symbol, { ...plain, maxRate }]));
  return { symbols: new Set(symbols), subscribed: wishes, unseen: new Set(unseen), maxRate };
}

function commandOf(id: bigint, command: MessageInitShape<typeof WatchCommandSchema>["command"]) {
  return create(WatchCommandSchema, { id, ...(command && { command }) });
}

const subscribe = (id: bigint, symbols: string[], maxRate?: number) =>
  commandOf(id, { case: "subscribe", value: { symbols, ...(maxRate !== undefined && { maxRate }) } });

const all = wishesOf(["*"], { subscribed: ["A", "B"] });
const allButOneSeen = wishesOf(["*"], { subscribed: ["A", "B"], unseen: ["B"] });
const noneSeen = wishesOf(["A", "B"], { unseen: ["A", "B"] });
const empty = wishesOf([]);
const pending = [commandOf(1n, { case: "ping", value: {} }), subscribe(2n, ["A"]), subscribe(3n, ["B"])];

const cases: [string, Partial<WatchStartOptions>, object][] = [
  ["at first, a snapshot", {}, { symbols: ["A", "B"], position: undefined, commands: [], carried: undefined }],
  ["at first, the oldest", { from: "oldest" }, { position: { case: "fromOldest", value: true } }],
  ["at first, after a place", { from: cursor }, { position: resumeAfter }],
  ["later, what is after the place", resumable, { symbols: ["A", "B"], position: resumeAfter, commands: [] }],
  ["later, whatever it began with", { ...resumable, from: "oldest" }, { position: resumeAfter }],
  ["a snapshot where one was not complete", { cursor, from: "oldest" }, { symbols: ["A", "B"], position: undefined }],
  ["all again", { ...resumable, wishes: all }, { symbols: ["*"], position: resumeAfter, commands: [] }],
  ["all, whatever else is named", { wishes: wishesOf(["A", "*", "NONE"]) }, { symbols: ["*"] }],
  [
    "an unseen symbol by command",
    { ...resumable, wishes: wishesOf(["A", "B"], { unseen: ["B"] }) },
    { symbols: ["A"], position: resumeAfter, commands: [subscribe(reapplied, ["B"])] },
  ],
  [
    "all by command where one is unseen",
    { ...resumable, wishes: allButOneSeen },
    { symbols: ["A"], position: resumeAfter, commands: [subscribe(reapplied, ["*"])] },
  ],
  [
    "a snapshot where none was seen",
    { ...resumable, wishes: noneSeen, from: "oldest" },
    { symbols: ["A", "B"], position: undefined, commands: [] },
  ],
  [
    "a snapshot where none of all was seen",
    { ...resumable, wishes: wishesOf(["*"], { subscribed: ["A"], unseen: ["A"] }) },
    { symbols: ["*"], position: undefined, commands: [] },
  ],
  [
    "the first pending symbols alone where nothing is wished for",
    { ...resumable, wishes: empty, pending },
    { symbols: ["A"], position: undefined, commands: [], carried: 2n },
  ],
  [
    "the first pending symbols with their rate",
    { wishes: empty, pending: [subscribe(4n, ["A"], 0.5)], from: "oldest" },
    {
      symbols: ["A"],
      position: { case: "fromOldest", value: true },
      commands: [commandOf(reapplied, { case: "setRate", value: { symbols: ["A"], maxRate: 0.5 } })],
      carried: 4n,
    },
  ],
  ["nothing pending where something is wished for", { pending }, { symbols: ["A", "B"], carried: undefined }],
];

test.each(cases)("a stream is asked for %s", (_name, options, expected) => {
  const wishes = wishesOf(["A", "B"]);
  const start = watchStart({
    wishes,
    pending: [],
    cursor: undefined,
    isResumable: false,
    from: "snapshot",
    ...options,
  });
  expect(start).toMatchObject(expected);
});

test("pauses and rates that differ from the stream's come after what is added", () => {
  const wishes: DesiredState = {
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
  const { commands } = watchStart({ wishes, pending: [], ...resumable, from: "snapshot" });
  expect(commands).toEqual([
    subscribe(reapplied, ["D"]),
    commandOf(reapplied, { case: "pause", value: { symbols: ["A", "C"], mode: PauseMode.REPLAY } }),
    commandOf(reapplied, { case: "pause", value: { symbols: ["D"], mode: PauseMode.CONFLATE } }),
    commandOf(reapplied, { case: "setRate", value: { symbols: ["B"] } }),
    commandOf(reapplied, { case: "setRate", value: { symbols: ["C", "D"], maxRate: 2 } }),
  ]);
});

test("symbols that were refused are left out where there are more than a start takes", () => {
  const accepted = Array.from({ length: maxStartSymbols }, (_, index) => `S${index}`);
  const wishes = wishesOf(["NONE", ...accepted], { subscribed: accepted });
  expect(watchStart({ wishes, pending: [], ...resumable, from: "snapshot" }).symbols).toEqual(accepted);
});
