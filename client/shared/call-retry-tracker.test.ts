import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { type CallRetryOptions, CallRetryTracker, type CallState } from "./call-retry-tracker.ts";
import { ManualTimers } from "./testing/manual-timers.ts";

const lost = new ConnectError("connection lost", Code.Unavailable);

function setUp(options: CallRetryOptions = {}) {
  const timers = new ManualTimers();
  const states: CallState[] = [];
  const call = new CallRetryTracker({ timers, random: () => 0.5, onState: (state) => states.push(state), ...options });
  return { timers, states, call };
}

describe("CallRetryTracker", () => {
  it("reports each state when it changes", () => {
    const { call, states } = setUp();
    call.begin();
    call.report("live");
    call.report("live");
    call.begin();
    expect(states.map(({ kind }) => kind)).toEqual(["connecting", "live", "connecting"]);
    expect(call.state).toBe("connecting");
  });

  it("waits with a growing back-off, which a success resets", async () => {
    const { call, states, timers } = setUp();
    const fail = async () => {
      const waiting = call.waitToRetry(lost);
      timers.advance(10_000);
      await waiting;
    };
    await fail();
    await fail();
    call.succeed();
    await fail();
    expect(states).toEqual([
      { kind: "retrying", failures: 1, delayMs: 250, reason: lost },
      { kind: "retrying", failures: 2, delayMs: 500, reason: lost },
      { kind: "retrying", failures: 1, delayMs: 250, reason: lost },
    ]);
  });

  it("ends a wait when retryNow is called", async () => {
    const { call, timers } = setUp();
    const waiting = call.waitToRetry(lost);
    call.retryNow();
    await waiting;
    expect(timers.count).toBe(0);
  });

  it("throws a reason that is not retryable, or that the retry policy refuses", async () => {
    const refused = new ConnectError("no", Code.PermissionDenied);
    await expect(setUp().call.waitToRetry(refused)).rejects.toBe(refused);
    const failures: number[] = [];
    const retry = (_reason: ConnectError, count: number) => failures.push(count) < 2;
    const { call } = setUp({ retry });
    void call.waitToRetry(lost);
    await expect(call.waitToRetry(lost)).rejects.toBe(lost);
    expect(failures).toEqual([1, 2]);
  });

  it("throws CANCELED if the signal aborts during a wait, and the reason if it has aborted before", async () => {
    const controller = new AbortController();
    const { call } = setUp({ signal: controller.signal });
    const waiting = call.waitToRetry(lost);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: Code.Canceled });
    await expect(call.waitToRetry(lost)).rejects.toBe(lost);
  });
});
