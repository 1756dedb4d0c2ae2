import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { IdleTimeout, responseTimeoutMs, withResponseTimeout } from "./call-timeouts.ts";
import { ManualTimers } from "./testing/manual-timers.ts";

describe("IdleTimeout", () => {
  const setUp = () => {
    const timers = new ManualTimers();
    let expirations = 0;
    const timeout = new IdleTimeout(timers, 1_000, () => expirations++);
    return { timers, timeout, expirations: () => expirations };
  };

  it("expires once, when the limit has passed since the last start", () => {
    const { timers, timeout, expirations } = setUp();
    timers.advance(600);
    timeout.start();
    timers.advance(999);
    expect(expirations()).toBe(0);
    timers.advance(1);
    expect(expirations()).toBe(1);
    timers.advance(10_000);
    expect(expirations()).toBe(1);
  });

  it("does not expire before a start or after a stop, and uses one timer", () => {
    const { timers, timeout, expirations } = setUp();
    timers.advance(5_000);
    for (let message = 0; message < 100; message++) {
      timeout.start();
      timers.advance(900);
      timeout.stop();
      timers.advance(900);
      expect(timers.count).toBe(1);
    }
    expect(expirations()).toBe(0);
  });

  it("leaves no timer when it is disposed of", () => {
    const { timers, timeout } = setUp();
    timeout[Symbol.dispose]();
    expect(timers.count).toBe(0);
  });
});

describe("withResponseTimeout", () => {
  const forever = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

  it("returns the response, and leaves no timer", async () => {
    const timers = new ManualTimers();
    const { signal } = new AbortController();
    expect(await withResponseTimeout({ timers, signal }, async () => "response")).toBe("response");
    expect(timers.count).toBe(0);
  });

  it("rejects with UNAVAILABLE after the deadline", async () => {
    const timers = new ManualTimers();
    const call = withResponseTimeout({ timers, signal: new AbortController().signal }, forever);
    timers.advance(responseTimeoutMs);
    await expect(call).rejects.toMatchObject({ code: Code.Unavailable, rawMessage: "no response within 60 s" });
  });

  it("rejects with the reason of the signal, and makes no call after it has aborted", async () => {
    const timers = new ManualTimers();
    const controller = new AbortController();
    const call = withResponseTimeout({ timers, signal: controller.signal }, forever);
    controller.abort(new ConnectError("cancelled", Code.Canceled));
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    const late = withResponseTimeout({ timers, signal: controller.signal }, () => Promise.reject(new Error("called")));
    await expect(late).rejects.toMatchObject({ code: Code.Canceled });
  });
});
