import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { QuoteStream, silenceMs } from "./quote-stream.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** One attempt of a stream, driven by hand. */
class Attempt implements AsyncIterable<string> {
  readonly signal: AbortSignal;
  readonly #waiting: { resolve: (result: IteratorResult<string>) => void; reject: (reason: unknown) => void }[] = [];

  constructor(signal: AbortSignal) {
    this.signal = signal;
    signal.addEventListener("abort", () => this.fail(signal.reason));
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return { next: () => new Promise((resolve, reject) => void this.#waiting.push({ resolve, reject })) };
  }

  async say(value: string): Promise<void> {
    this.#waiting.shift()?.resolve({ done: false, value });
    await settled();
  }

  async end(): Promise<void> {
    this.#waiting.shift()?.resolve({ done: true, value: undefined });
    await settled();
  }

  async fail(reason: unknown): Promise<void> {
    this.#waiting.shift()?.reject(reason);
    await settled();
  }
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

function setUp() {
  const attempts: Attempt[] = [];
  const responses: string[] = [];
  const ends: (ConnectError | undefined)[] = [];
  const stream = new QuoteStream<string>({
    open: (signal) => {
      const attempt = new Attempt(signal);
      attempts.push(attempt);
      return attempt;
    },
    onResponse: (response) => responses.push(response),
    onEnd: (error) => ends.push(error),
    now: () => performance.now(),
    random: () => 0,
  });
  const attempt = (index: number): Attempt => {
    const found = attempts[index];
    if (found === undefined) throw new Error(`attempt ${index} has not begun`);
    return found;
  };
  return { stream, attempts, attempt, responses, ends };
}

test("the first response makes it live", async () => {
  const { stream, attempt, responses } = setUp();
  stream.send({ kind: "start" });
  expect(stream.state()).toEqual({ kind: "connecting", failures: 0 });
  await attempt(0).say("started");
  expect(stream.state()).toEqual({ kind: "live" });
  expect(responses).toEqual(["started"]);
  stream.send({ kind: "stop" });
});

test("stop ends the call, and what still arrives is dropped", async () => {
  const { stream, attempts, attempt, responses } = setUp();
  stream.send({ kind: "start" });
  await attempt(0).say("one");
  stream.send({ kind: "stop" });
  expect(attempt(0).signal.aborted).toBe(true);
  await attempt(0).say("two");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(responses).toEqual(["one"]);
  expect(attempts).toHaveLength(1);
  expect(stream.state()).toEqual({ kind: "stopped" });
  expect(vi.getTimerCount()).toBe(0);
});

test("a broken stream is tried again, later each time, until it works", async () => {
  const { stream, attempts, attempt, ends } = setUp();
  const cut = new ConnectError("shutting down", Code.Unavailable);
  stream.send({ kind: "start" });
  await attempt(0).fail(cut);
  expect(stream.state()).toMatchObject({ kind: "waiting", failures: 1 });
  expect(ends).toEqual([cut]);
  await vi.advanceTimersByTimeAsync(499);
  expect(attempts).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(attempts).toHaveLength(2);
  await attempt(1).fail(cut);
  await vi.advanceTimersByTimeAsync(999);
  expect(attempts).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  await attempt(2).say("started");
  expect(stream.state()).toEqual({ kind: "live" });
  await attempt(2).fail(cut);
  expect(stream.state()).toMatchObject({ kind: "waiting", failures: 1 });
  stream.send({ kind: "close" });
  expect(vi.getTimerCount()).toBe(0);
});

test("a wait can be cut short", async () => {
  const { stream, attempts, attempt } = setUp();
  stream.send({ kind: "start" });
  await attempt(0).fail(new TypeError("Failed to fetch"));
  stream.send({ kind: "retry" });
  expect(attempts).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(600);
  expect(attempts).toHaveLength(2);
  stream.send({ kind: "close" });
});

test("an end without an error is a loss too", async () => {
  const { stream, attempt, ends } = setUp();
  stream.send({ kind: "start" });
  await attempt(0).end();
  expect(ends).toEqual([undefined]);
  expect(stream.state()).toMatchObject({ kind: "waiting", reason: "The server ended the stream." });
  stream.send({ kind: "close" });
});

test("a refusal is not tried again", async () => {
  const { stream, attempts, attempt } = setUp();
  stream.send({ kind: "start" });
  await attempt(0).fail(new ConnectError("symbols[3] is too long", Code.InvalidArgument));
  expect(stream.state()).toEqual({
    kind: "refused",
    reason: "The server did not accept the request: symbols[3] is too long.",
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(attempts).toHaveLength(1);
});

test("a changed watchlist replaces the call at once, and only one is open", async () => {
  const { stream, attempts, attempt, responses } = setUp();
  stream.send({ kind: "start" });
  await attempt(0).say("old");
  stream.send({ kind: "change" });
  expect(attempts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  await attempt(1).say("new");
  expect(responses).toEqual(["old", "new"]);
  expect(stream.state()).toEqual({ kind: "live" });
  stream.send({ kind: "close" });
});

test("three heartbeats of silence are a dead stream, and any response counts as life", async () => {
  const { stream, attempt } = setUp();
  stream.send({ kind: "start" });
  await vi.advanceTimersByTimeAsync(silenceMs - 1);
  await attempt(0).say("heartbeat");
  await vi.advanceTimersByTimeAsync(silenceMs - 1);
  expect(stream.state()).toEqual({ kind: "live" });
  await vi.advanceTimersByTimeAsync(1);
  expect(stream.state()).toMatchObject({ kind: "waiting", reason: "Nothing came for 15 seconds." });
  expect(attempt(0).signal.aborted).toBe(true);
  stream.send({ kind: "close" });
});

test("a call that is never answered is given up", async () => {
  const { stream, attempt } = setUp();
  stream.send({ kind: "start" });
  await vi.advanceTimersByTimeAsync(silenceMs);
  expect(stream.state()).toMatchObject({ kind: "waiting", failures: 1 });
  expect(attempt(0).signal.aborted).toBe(true);
  stream.send({ kind: "close" });
});
