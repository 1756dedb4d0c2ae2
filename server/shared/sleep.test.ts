import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { maxTimerMs, systemTimers } from "../../client/shared/timers.ts";
import { sleep } from "./sleep.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("sleep", () => {
  it("resolves after the time", async () => {
    const slept = sleep(systemTimers, 50, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(50);
    await expect(slept).resolves.toBeUndefined();
  });

  it("resolves immediately when the signal aborts, and stops its timer", async () => {
    const controller = new AbortController();
    const slept = sleep(systemTimers, 50, controller.signal);
    controller.abort();
    await slept;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("starts no timer if the signal has aborted", async () => {
    await sleep(systemTimers, 50, AbortSignal.abort());
    expect(vi.getTimerCount()).toBe(0);
  });

  it("yields to the event loop if the time is 0", async () => {
    await sleep(systemTimers, 0, new AbortController().signal);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not overflow if the time is too long for a timer", async () => {
    let isOver = false;
    const controller = new AbortController();
    const slept = sleep(systemTimers, maxTimerMs * 2, controller.signal).then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(isOver).toBe(false);
    controller.abort();
    await slept;
  });
});
