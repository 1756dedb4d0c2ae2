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
  const comes = (kind: string) => expect.poll(() => stream.state().kind).toBe(kind);
  return { service, timers, updates, losses, kinds, stream, comes };
}

test("it is live with the first response, and only one call is made however often it is started", async () => {
  const { service, stream, comes, updates, kinds } = setUp();
  expect(stream.state()).toEqual({ kind: "idle" });
  stream.start();
  stream.start();
  (await service.stream()).open();
  await comes("live");
  await expect.poll(() => updates).toEqual(["started", "quotes", "caught-up"]);
  expect(new Set(kinds)).toEqual(new Set(["connecting", "live"]));
  expect(service.untaken).toBe(0);
});

test("stop ends the call, and start begins another", async () => {
  const { service, stream, comes, updates } = setUp();
  stream.start();
  const first = await service.stream();
  first.open();
  await comes("live");
  stream.stop();
  expect(stream.state()).toEqual({ kind: "stopped" });
  expect(first.signal.aborted).toBe(true);
  const count = updates.length;
  stream.start();
  const second = await service.stream();
  expect(second.request.position.case).toBeUndefined();
  second.open();
  await comes("live");
  await expect.poll(() => updates.length).toBeGreaterThan(count);
});

test("a stream that is lost says when it is tried again, and the wait can be cut short", async () => {
  const { service, stream, comes, losses, timers } = setUp();
  stream.start();
  (await service.stream()).end(cut);
  await comes("waiting");
  expect(stream.state()).toEqual({
    kind: "waiting",
    retryAt: timers.now() + 250,
    reason: "The server is not available: shutting down.",
  });
  expect(losses).toEqual(["shutting down"]);
  stream.retry();
  (await service.stream()).open();
  await comes("live");
});

test("a refusal is not tried again", async () => {
  const { service, stream, comes, timers } = setUp();
  stream.start();
  (await service.stream()).end(new ConnectError("symbols[3] is too long", Code.InvalidArgument));
  await comes("refused");
  timers.advance(60_000);
  expect(service.untaken).toBe(0);
  expect(stream.state()).toEqual({
    kind: "refused",
    reason: "The server did not accept the request: symbols[3] is too long.",
  });
});

test("what has to be there before is tried again too, until it is", async () => {
  const failures = [cut, cut];
  const { service, stream, comes, timers } = setUp({
    prepare: async () => {
      const failure = failures.pop();
      if (failure !== undefined) throw failure;
    },
  });
  stream.start();
  await comes("waiting");
  timers.advance(250);
  await expect.poll(() => failures.length).toBe(0);
  await comes("waiting");
  stream.retry();
  (await service.stream()).open();
  await comes("live");
});

test("closing while it waits leaves no timer", async () => {
  const { service, stream, comes, timers } = setUp();
  stream.start();
  (await service.stream()).end(cut);
  await comes("waiting");
  stream.close();
  expect(stream.state()).toEqual({ kind: "idle" });
  await expect.poll(() => timers.count).toBe(0);
});
