import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallAttempt } from "./call-attempt.ts";
import { ManualTimers } from "./testing/manual-timers.ts";

const lost = new ConnectError("connection lost", Code.Unavailable);

describe("CallAttempt", () => {
  async function* responses(signal: AbortSignal): AsyncGenerator<number> {
    yield 1;
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  }

  it("reads responses, and fails if none arrives within the idle timeout", async () => {
    const timers = new ManualTimers();
    using attempt = new CallAttempt({ timers, idleTimeoutMs: 2_000 });
    const iterator = responses(attempt.signal);
    attempt.idleTimeout.start();
    expect(await attempt.read(iterator)).toEqual({ done: false, value: 1 });
    timers.advance(60_000); // nothing is read
    attempt.idleTimeout.start();
    const next = attempt.read(iterator);
    timers.advance(2_000);
    expect(await next).toMatchObject({ code: Code.Unavailable, rawMessage: "no response for 2 s" });
  });

  it("returns the error of the call, or the reason of a failure in the client", async () => {
    const timers = new ManualTimers();
    const failing = { next: () => Promise.reject(lost) };
    using attempt = new CallAttempt({ timers });
    expect(await attempt.read(failing)).toBe(lost);
    attempt.fail(new ConnectError("taken over", Code.Aborted));
    expect(await attempt.read(failing)).toMatchObject({ code: Code.Aborted });
    expect(attempt.reasonOf(lost)).toMatchObject({ code: Code.Aborted });
  });

  it("cancels the call and its timer when it is disposed of", () => {
    const timers = new ManualTimers();
    const attempt = new CallAttempt({ timers, signal: new AbortController().signal });
    attempt[Symbol.dispose]();
    expect(attempt.signal.aborted).toBe(true);
    expect(timers.count).toBe(0);
  });
});
