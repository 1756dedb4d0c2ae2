import { describe, expect, test } from "vitest";
import { nextStreamState, type StreamEvent, type StreamState } from "./stream-state.ts";

const states = {
  idle: { kind: "idle" },
  connecting: { kind: "connecting", failures: 2 },
  live: { kind: "live" },
  waiting: { kind: "waiting", failures: 3, retryAt: 9_000, reason: "gone" },
  refused: { kind: "refused", reason: "no" },
  stopped: { kind: "stopped" },
} as const satisfies Record<string, StreamState>;

const events = {
  start: { kind: "start" },
  stop: { kind: "stop" },
  close: { kind: "close" },
  change: { kind: "change" },
  opened: { kind: "opened" },
  lost: { kind: "lost", reason: "cut", now: 10_000, random: 0 },
  refused: { kind: "refused", reason: "never" },
  retry: { kind: "retry" },
} as const satisfies Record<string, StreamEvent>;

const idle = { kind: "idle" };
const stopped = { kind: "stopped" };
const anew = { kind: "connecting", failures: 0 };
const same = "same";

// Every state meets every event; "same" is the very same object.
const table: Record<keyof typeof states, Record<keyof typeof events, unknown>> = {
  idle: { start: anew, stop: same, close: same, change: anew, opened: same, lost: same, refused: same, retry: same },
  connecting: {
    start: same,
    stop: stopped,
    close: idle,
    change: { kind: "connecting", failures: 2 },
    opened: { kind: "live" },
    lost: { kind: "waiting", failures: 3, retryAt: 12_000, reason: "cut" },
    refused: { kind: "refused", reason: "never" },
    retry: same,
  },
  live: {
    start: same,
    stop: stopped,
    close: idle,
    change: anew,
    opened: same,
    lost: { kind: "waiting", failures: 1, retryAt: 10_500, reason: "cut" },
    refused: { kind: "refused", reason: "never" },
    retry: same,
  },
  waiting: {
    start: { kind: "connecting", failures: 3 },
    stop: stopped,
    close: idle,
    change: { kind: "connecting", failures: 3 },
    opened: same,
    lost: same,
    refused: same,
    retry: { kind: "connecting", failures: 3 },
  },
  refused: {
    start: anew,
    stop: stopped,
    close: idle,
    change: anew,
    opened: same,
    lost: same,
    refused: same,
    retry: same,
  },
  stopped: { start: anew, stop: same, close: idle, change: same, opened: same, lost: same, refused: same, retry: same },
};

describe.each(Object.entries(table))("in the state %s", (name, expected) => {
  const state = states[name as keyof typeof states];
  test.each(Object.entries(expected))("the event %s", (event, result) => {
    const next = nextStreamState(state, events[event as keyof typeof events]);
    if (result === same) expect(next).toBe(state);
    else expect(next).toEqual(result);
  });
});

test("a changed watchlist begins a new attempt even while one is under way", () => {
  expect(nextStreamState(states.connecting, events.change)).not.toBe(states.connecting);
});

test("success resets the back-off", () => {
  let state: StreamState = states.connecting;
  state = nextStreamState(state, events.opened);
  state = nextStreamState(state, events.lost);
  expect(state).toMatchObject({ failures: 1, retryAt: 10_500 });
});
