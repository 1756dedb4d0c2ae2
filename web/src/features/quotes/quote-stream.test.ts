import { Code, ConnectError } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { FakeQuoteService } from "../../../../client/quote/testing/fake-quote-service.ts";
import { watchQuotes } from "../../../../client/quote/watch-quotes.ts";
import { ManualTimers } from "../../../../client/shared/testing/manual-timers.ts";
import { QuoteStream } from "./quote-stream.ts";

const cut = new ConnectError("shutting down", Code.Unavailable);

function setUp({ prepare = async () => {} }: { prepare?: () => Promise<void> } = {}) {
  const service = new FakeQuoteService();
  const timers = new ManualTimers();
  const updates: string[] = [];
  const losses: string[] = [];
  const kinds: string[] = [];
  const random = () => 0.5;
  const stream = new QuoteStream({
    prepare,
    open: (signal, onState) => watchQuotes(service.client, { symbols: ["ACME"], signal, onState, timers, random }),
    onUpdate: ({ kind }) => updates.push(kind),
    onLost: ({ rawMessage }) => losses.push(rawMessage),
    random,
    timers,
  });
  stream.subscribe(() => kinds.push(stream.state().kind));
  onTestFinished(() => stream.close());
  const reaches = (kind: string) => expect.poll(() => stream.state().kind).toBe(kind);
  return { service, timers, updates, losses, kinds, stream, reaches };
}

test("it is live after the first response, and repeated starts make one call", async () => {
  const { service, stream, reaches, updates, kinds } = setUp();
  expect(stream.state()).toEqual({ kind: "idle" });
  stream.start();
  stream.start();
  (await service.stream()).open();
  await reaches("live");
  await expect.poll(() => updates).toEqual(["started", "quotes", "caught-up"]);
  expect(new Set(kinds)).toEqual(new Set(["connecting", "live"]));
  expect(service.untaken).toBe(0);
});

test("stop ends the call, and start makes another", async () => {
  const { service, stream, reaches, updates } = setUp();
  stream.start();
  const first = await service.stream();
  first.open();
  await reaches("live");
  stream.stop();
  expect(stream.state()).toEqual({ kind: "stopped" });
  expect(first.signal.aborted).toBe(true);
  const count = updates.length;
  stream.start();
  const second = await service.stream();
  expect(second.request.position.case).toBeUndefined();
  second.open();
  await reaches("live");
  await expect.poll(() => updates.length).toBeGreaterThan(count);
});

test("a lost stream has a time of the next attempt, and retry ends the wait", async () => {
  const { service, stream, reaches, losses, timers } = setUp();
  stream.start();
  (await service.stream()).end(cut);
  await reaches("reconnecting");
  expect(stream.state()).toEqual({
    kind: "reconnecting",
    retryAt: timers.now() + 250,
    reason: "The server is unavailable: shutting down.",
  });
  expect(losses).toEqual(["shutting down"]);
  stream.retry();
  (await service.stream()).open();
  await reaches("live");
});

test("a refused stream is not retried", async () => {
  const { service, stream, reaches, timers } = setUp();
  stream.start();
  (await service.stream()).end(new ConnectError("symbols[3] is too long", Code.InvalidArgument));
  await reaches("refused");
  timers.advance(60_000);
  expect(service.untaken).toBe(0);
  expect(stream.state()).toEqual({
    kind: "refused",
    reason: "The server rejected the request: symbols[3] is too long.",
  });
});

test("the preparation is retried until it succeeds", async () => {
  const failures = [cut, cut];
  const { service, stream, reaches, timers } = setUp({
    prepare: async () => {
      const failure = failures.pop();
      if (failure !== undefined) throw failure;
    },
  });
  stream.start();
  await reaches("reconnecting");
  timers.advance(250);
  await expect.poll(() => failures.length).toBe(0);
  await reaches("reconnecting");
  stream.retry();
  (await service.stream()).open();
  await reaches("live");
});

test("close during the wait leaves no timer", async () => {
  const { service, stream, reaches, timers } = setUp();
  stream.start();
  (await service.stream()).end(cut);
  await reaches("reconnecting");
  stream.close();
  expect(stream.state()).toEqual({ kind: "idle" });
  await expect.poll(() => timers.count).toBe(0);
});
