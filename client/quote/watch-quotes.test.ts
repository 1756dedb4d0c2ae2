import { Code, ConnectError } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { CursorProblem, QuotePhase, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { ManualTimers } from "../shared/testing/manual-timers.ts";
import { cursorOf, FakeQuoteService, quoteOf } from "./testing/fake-quote-service.ts";
import { type WatchQuotesOptions, watchQuotes } from "./watch-quotes.ts";
import type { QuotesUpdate, WatchState, WatchUpdate } from "./watch-update.ts";

const { LIVE, REPLAY, SNAPSHOT } = QuotePhase;
const lostConnection = new ConnectError("the connection broke", Code.Unavailable);

function setUp(options: Partial<WatchQuotesOptions> = {}) {
  const service = new FakeQuoteService();
  const timers = new ManualTimers();
  const states: WatchState[] = [];
  const watch = watchQuotes(service.client, {
    symbols: ["ACME"],
    timers,
    random: () => 0.5,
    onState: (state) => states.push(state),
    ...options,
  });
  onTestFinished(() => watch.close());
  const updates = watch[Symbol.asyncIterator]();
  const next = async (): Promise<WatchUpdate> => (await updates.next()).value;
  /** The next updates in short: quotes as their sequence numbers, others as their kinds. */
  const take = async (count: number) => {
    const found: (string | number[])[] = [];
    while (found.length < count) {
      const update = await next();
      found.push(update.kind === "quotes" ? seqsOf(update) : update.kind);
    }
    return found;
  };
  const kinds = () => states.map(({ kind }) => kind);
  return { service, timers, states, kinds, watch, updates, next, take };
}

function seqsOf({ quotes }: QuotesUpdate): number[] {
  return quotes.map(({ instrumentSeq }) => Number(instrumentSeq));
}

/** Waits until the stream has failed, ends the delay, and returns the next stream. */
async function breakStream({ service, timers, states }: ReturnType<typeof setUp>, pull: Promise<unknown>) {
  while (states.at(-1)?.kind !== "retrying") await Promise.resolve();
  timers.advance(10_000);
  const stream = await service.stream();
  return { stream, pull };
}

test("a snapshot is followed by live quotes, each with its cursor", async () => {
  const { service, take, next, watch, kinds } = setUp({ maxRate: 5, heartbeatMs: 1_000 });
  const first = take(3);
  const stream = await service.stream();
  expect(stream.request).toMatchObject({ symbols: ["ACME"], maxRate: 5, heartbeatInterval: { seconds: 1n } });
  expect(stream.request.position.case).toBeUndefined();
  stream.open(10);
  expect(await first).toEqual(["started", [10], "caught-up"]);
  stream.quotes(12, LIVE, quoteOf("ACME", 11), quoteOf("ACME", 12));
  expect(await next()).toMatchObject({ kind: "quotes", phase: LIVE, gaps: [], cursor: { seq: 12n } });
  stream.quotes(13, LIVE, quoteOf("ACME", 13));
  await next();
  expect(watch.cursor).toMatchObject(cursorOf(12));
  expect(kinds()).toEqual(["connecting", "live"]);
});

test("a lost stream is resumed from the cursor of the loop, and no quote arrives twice", async () => {
  const set = setUp();
  const { service, take, kinds, states } = set;
  const first = take(4);
  const stream = await service.stream();
  stream.open(10);
  stream.quotes(11, LIVE, quoteOf("ACME", 11));
  stream.end(lostConnection);
  await first;
  const { stream: second, pull } = await breakStream(set, take(4));
  expect(second.request.position).toMatchObject({ case: "resumeAfter", value: cursorOf(11) });
  expect(second.request.resetIfOutOfRange).toBe(true);
  second.start(11);
  second.quotes(13, REPLAY, quoteOf("ACME", 11), quoteOf("ACME", 12), quoteOf("ACME", 13));
  second.quotes(13, REPLAY, quoteOf("ACME", 13));
  second.caughtUp(13);
  second.quotes(14, LIVE, quoteOf("ACME", 14));
  expect(await pull).toEqual(["started", [12, 13], "caught-up", [14]]);
  expect(kinds()).toEqual(["connecting", "live", "retrying", "connecting", "replaying", "live"]);
  expect(states[2]).toMatchObject({ failures: 1, delayMs: 250, reason: { code: Code.Unavailable } });
});

test("the cursor of an incomplete snapshot is not used to resume", async () => {
  const set = setUp({ symbols: ["ACME", "BETA"] });
  const first = set.take(2);
  const stream = await set.service.stream();
  stream.start(10);
  stream.quotes(10, SNAPSHOT, quoteOf("ACME", 9));
  stream.end(lostConnection);
  await first;
  const { stream: second } = await breakStream(set, set.next());
  expect(second.request.position.case).toBeUndefined();
  expect(set.watch.cursor).toBeUndefined();
});

test("the delay grows with each failure, and starts again after a stream has worked", async () => {
  const { service, timers, states, take } = setUp();
  const pull = take(4);
  const delays = () => states.flatMap((state) => (state.kind === "retrying" ? [state.delayMs] : []));
  for (let failures = 1; failures <= 3; failures++) {
    (await service.stream()).end(lostConnection);
    await expect.poll(delays).toHaveLength(failures);
    timers.advance(10_000);
  }
  const works = await service.stream();
  works.open();
  works.end(lostConnection);
  await expect.poll(delays).toHaveLength(4);
  expect(delays()).toEqual([250, 500, 1_000, 250]);
  timers.advance(250);
  (await service.stream()).start(10);
  expect(await pull).toEqual(["started", [10], "caught-up", "started"]);
});

test("retry ends the wait for the next attempt", async () => {
  const { service, states, watch, next, timers } = setUp();
  const first = next();
  (await service.stream()).end(lostConnection);
  await expect.poll(() => states.at(-1)?.kind).toBe("retrying");
  watch.retry();
  (await service.stream()).start(0);
  expect(await first).toMatchObject({ kind: "started", streamId: "stream" });
  expect(timers.count).toBe(1); // the idle timeout
});

test("a stream without a message for two heartbeat intervals fails", async () => {
  const { service, timers, states, take } = setUp({ heartbeatMs: 1_000 });
  void take(9).catch(() => {});
  const stream = await service.stream();
  stream.open();
  await expect.poll(() => states.at(-1)?.kind).toBe("live");
  timers.advance(1_500);
  stream.send({ event: { case: "heartbeat", value: {} } });
  await new Promise((resolve) => setImmediate(resolve));
  timers.advance(1_999);
  expect(stream.signal.aborted).toBe(false);
  timers.advance(1);
  expect(stream.signal.aborted).toBe(true);
  await expect
    .poll(() => states.at(-1))
    .toMatchObject({ kind: "retrying", reason: { rawMessage: "no response for 2 s" } });
});

test("a slow loop does not expire the idle timeout", async () => {
  const { service, timers, next } = setUp({ heartbeatMs: 1_000 });
  const first = next();
  const stream = await service.stream();
  stream.open();
  await first;
  timers.advance(60_000);
  expect(stream.signal.aborted).toBe(false);
  expect(await next()).toMatchObject({ kind: "quotes" });
});

test.each([Code.InvalidArgument, Code.Unauthenticated, Code.PermissionDenied, Code.NotFound, Code.Unimplemented])(
  "an error that is not retryable is thrown: %s",
  async (code) => {
    const { service, next, watch } = setUp();
    const first = next();
    const command = watch.ping();
    (await service.stream()).end(new ConnectError("no", code));
    await expect(first).rejects.toMatchObject({ code });
    await expect(command).rejects.toMatchObject({ code: Code.Canceled });
  },
);

test("OUT_OF_RANGE is thrown if resets are disabled", async () => {
  const { service, next } = setUp({ from: cursorOf(3), resetIfOutOfRange: false });
  const first = next();
  const stream = await service.stream();
  expect(stream.request).toMatchObject({ resetIfOutOfRange: false, position: { value: cursorOf(3) } });
  stream.end(new ConnectError("gone", Code.OutOfRange));
  await expect(first).rejects.toMatchObject({ code: Code.OutOfRange });
});

test("a watch can start with the oldest quote of the server", async () => {
  const { service, next, kinds } = setUp({ from: "oldest" });
  const first = next();
  const stream = await service.stream();
  expect(stream.request.position).toEqual({ case: "fromOldest", value: true });
  stream.start(0);
  await first;
  expect(kinds()).toEqual(["connecting", "replaying"]);
});

test("a new epoch causes a reset, after which small sequence numbers are accepted", async () => {
  const set = setUp();
  const first = set.take(3);
  const stream = await set.service.stream();
  stream.open(10);
  stream.end(lostConnection);
  await first;
  const { stream: second, pull } = await breakStream(set, set.take(4));
  second.start(1, 8n);
  const cause = { problem: CursorProblem.OTHER_EPOCH, requested: cursorOf(10) };
  second.send({ cursor: cursorOf(1, 8n), event: { case: "reset", value: { cause } } });
  second.send({ cursor: cursorOf(1, 8n), phase: SNAPSHOT, quotes: [quoteOf("ACME", 1)] });
  second.caughtUp(1, 8n);
  expect(await pull).toEqual(["started", "reset", [1], "caught-up"]);
  void set.next();
  await expect.poll(() => set.watch.cursor).toMatchObject(cursorOf(1, 8n));
});

test("a new epoch also causes a reset if the stream starts with a snapshot", async () => {
  const set = setUp();
  const first = set.take(2);
  const stream = await set.service.stream();
  stream.start(10);
  stream.quotes(10, SNAPSHOT, quoteOf("ACME", 10));
  stream.end(lostConnection);
  await first;
  const { stream: second, pull } = await breakStream(set, set.take(3));
  second.start(1, 8n);
  second.send({ cursor: cursorOf(1, 8n), phase: SNAPSHOT, quotes: [quoteOf("ACME", 1)] });
  expect(await pull).toEqual(["reset", "started", [1]]);
});

test("an older quote after a newer one is dropped", async () => {
  const { service, take } = setUp();
  const pull = take(4);
  const stream = await service.stream();
  stream.open(10);
  stream.quotes(11, LIVE, quoteOf("ACME", 9), quoteOf("ACME", 10));
  stream.quotes(12, LIVE, quoteOf("ACME", 12), quoteOf("ACME", 11));
  expect(await pull).toEqual(["started", [10], "caught-up", [12]]);
});

test.each([
  { policy: SlowReaderPolicy.CONFLATE, cause: "skipped" },
  { policy: SlowReaderPolicy.DISCONNECT, cause: "lost" },
])("a gap under policy $policy is $cause", async ({ policy, cause }) => {
  const { service, next, take } = setUp({ policy });
  const first = take(3);
  const stream = await service.stream();
  stream.open(10);
  await first;
  stream.quotes(14, LIVE, quoteOf("ACME", 14));
  const gaps = [{ symbol: "ACME", before: 14n, missing: 3n, cause }];
  expect(await next()).toMatchObject({ kind: "quotes", gaps });
});

test("a heartbeat reports the missing quotes that the server has not skipped", async () => {
  const { service, take, next } = setUp();
  const first = take(4);
  const stream = await service.stream();
  stream.open(10);
  stream.quotes(14, LIVE, quoteOf("ACME", 14));
  await first;
  const heartbeat = { queued: 2n, conflated: 3n, lag: { seconds: 1n, nanos: 500_000_000 } };
  stream.send({ event: { case: "heartbeat", value: heartbeat } });
  expect(await next()).toMatchObject({ queued: 2n, conflated: 3n, lagMs: 1_500, unexplained: 0n });
  stream.quotes(17, LIVE, quoteOf("ACME", 17));
  stream.send({ event: { case: "heartbeat", value: heartbeat } });
  await next();
  expect(await next()).toMatchObject({ kind: "heartbeat", unexplained: 2n });
});

test("leaving the loop ends the call", async () => {
  const { service, updates, next, timers } = setUp();
  const first = next();
  const stream = await service.stream();
  stream.start(0);
  await first;
  await updates.return?.();
  expect(stream.signal.aborted).toBe(true);
  expect(timers.count).toBe(0);
});

test("the signal ends the watch without an error, in any state", async () => {
  const end = new AbortController();
  const { service, next, timers, states, updates } = setUp({ signal: end.signal });
  const first = next();
  (await service.stream()).end(lostConnection);
  await expect.poll(() => states.at(-1)?.kind).toBe("retrying");
  end.abort();
  expect(await first).toBeUndefined();
  expect(await updates.next()).toEqual({ done: true, value: undefined });
  expect(timers.count).toBe(0);
});

test("a watch can be iterated once", () => {
  const { watch } = setUp();
  expect(() => watch[Symbol.asyncIterator]()).toThrow("can be iterated once");
});
