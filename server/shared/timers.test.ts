import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { maxWaitMillis, systemInterval, systemWait } from "./timers.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

describe("systemWait", () => {
  it("resolves after the time", async () => {
    const waited = systemWait(50, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(50);
    await expect(waited).resolves.toBeUndefined();
  });

  it("resolves at once when the signal aborts, and leaves no timer behind", async () => {
    const controller = new AbortController();
    const waited = systemWait(50, controller.signal);
    controller.abort();
    await waited;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("starts nothing where the signal has aborted", async () => {
    await systemWait(50, AbortSignal.abort());
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives the event loop a turn where there is no time to wait", async () => {
    await systemWait(0, new AbortController().signal);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not overflow where the time is too long for a timer", async () => {
    let over = false;
    const controller = new AbortController();
    const waited = systemWait(maxWaitMillis * 2, controller.signal).then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(over).toBe(false);
    controller.abort();
    await waited;
  });
});

describe("systemEvery", () => {
  it("beats until it is stopped", async () => {
    const beat = vi.fn();
    const stop = systemInterval(100, beat);
    await vi.advanceTimersByTimeAsync(250);
    stop();
    await vi.advanceTimersByTimeAsync(250);
    expect(beat).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});
