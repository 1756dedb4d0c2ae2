import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { BackOff, backOffMs, isRetryable } from "./retry-policy.ts";
import { ManualTimers } from "./testing/manual-timers.ts";

describe("isRetryable", () => {
  it("is false for an error that the same request causes again", () => {
    expect(isRetryable(new ConnectError("x", Code.InvalidArgument))).toBe(false);
    expect(isRetryable(new ConnectError("x", Code.Unimplemented))).toBe(false);
    expect(isRetryable(new ConnectError("x", Code.NotFound))).toBe(false);
  });

  it("is true for an error that may be temporary", () => {
    expect(isRetryable(new ConnectError("x", Code.Unavailable))).toBe(true);
    expect(isRetryable(new ConnectError("x", Code.ResourceExhausted))).toBe(true);
    expect(isRetryable(new TypeError("Failed to fetch"))).toBe(true);
  });
});

describe("backOffMs", () => {
  it("doubles the longest delay from half a second up to ten seconds", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((failures) => backOffMs(failures, 0.999_999))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  it("applies full jitter", () => {
    expect(backOffMs(4, 0)).toBe(0);
    expect(backOffMs(1, 0.5)).toBe(250);
  });

  it("does not overflow after a very long outage", () => {
    expect(backOffMs(100_000, 0.5)).toBe(5_000);
  });
});

describe("BackOff", () => {
  const setUp = () => {
    const timers = new ManualTimers();
    return { timers, backOff: new BackOff(timers, () => 0.5) };
  };

  it("counts failures until a success", () => {
    const { backOff } = setUp();
    expect([backOff.fail(), backOff.fail(), backOff.failures]).toEqual([250, 500, 2]);
    backOff.reset();
    expect([backOff.failures, backOff.fail()]).toEqual([0, 250]);
  });

  it("waits for the delay", async () => {
    const { timers, backOff } = setUp();
    let isOver = false;
    const waiting = backOff.wait(250).then(() => {
      isOver = true;
    });
    timers.advance(249);
    await Promise.resolve();
    expect(isOver).toBe(false);
    timers.advance(1);
    await waiting;
  });

  it("ends a wait early when it is skipped or the signal aborts, and leaves no timer", async () => {
    const { timers, backOff } = setUp();
    const skipped = backOff.wait(250);
    backOff.skip();
    await skipped;
    const controller = new AbortController();
    const aborted = backOff.wait(250, controller.signal);
    controller.abort();
    await aborted;
    await backOff.wait(250, controller.signal);
    expect(timers.count).toBe(0);
  });
});
