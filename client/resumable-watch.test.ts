import { Code, ConnectError } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { PauseMode, QuotePhase, SubscriptionStatus } from "../gen/bourse/quote/v1/quote_pb.ts";
import { cursorOf, FakeQuoteService, type FakeStream, quoteOf } from "./fake-quote-service.ts";
import { ManualTimers } from "./manual-timers.ts";
import { maxPendingCommands } from "./watch-commands.ts";
import { type WatchQuotesOptions, watchQuotes } from "./watch-quotes.ts";
import type { WatchState, WatchUpdate } from "./watch-update.ts";

const { ACCEPTED } = SubscriptionStatus;
const cut = new ConnectError("cut", Code.Unavailable);

/** A watch whose loop always asks for more. */
function setUp(options: Partial<WatchQuotesOptions> = {}) {
  const service = new FakeQuoteService();
  const timers = new ManualTimers();
  const states: WatchState[] = [];
  const updates: WatchUpdate[] = [];
  const watch = watchQuotes(service.client, {
    symbols: ["ACME", "BETA"],
    timers,
    random: () => 0.5,
    onState: (state) => states.push(state),
    ...options,
  });
  onTestFinished(() => watch.close());
  void (async () => {
    for await (const update of watch) updates.push(update);
  })();
  const comes = (kind: WatchUpdate["kind"], times = 1) =>
    expect.poll(() => updates.filter((update) => update.kind === kind).length).toBeGreaterThanOrEqual(times);
  const breakStream = async (stream: FakeStream): Promise<FakeStream> => {
    stream.end(cut);
    await expect.poll(() => states.at(-1)?.kind).toBe("retrying");
    timers.pass(10_000);
    return service.stream();
  };
  return { service, timers, states, updates, watch, comes, breakStream };
}

test("each command goes to the stream by its name, one after the other", async () => {
  const { service, watch, comes } = setUp();
  const results = [
    watch.pause(["ACME"], PauseMode.REPLAY),
    watch.resume(["ACME"]),
    watch.subscribe(["GAMMA"], 3),
    watch.setRate(["*"], 2),
    watch.unsubscribe(["BETA"]),
    watch.list(),
    watch.ping(),
  ];
  (await service.stream()).open();
  await comes("caught-up");
  await Promise.all(results);
  expect(service.commands).toMatchObject([
    { case: "pause", value: { symbols: ["ACME"], mode: PauseMode.REPLAY } },
    { case: "resume", value: { symbols: ["ACME"] } },
    { case: "subscribe", value: { symbols: ["GAMMA"], maxRate: 3 } },
    { case: "setRate", value: { symbols: ["*"], maxRate: 2 } },
    { case: "unsubscribe", value: { symbols: ["BETA"] } },
    { case: "listSubscriptions" },
    { case: "ping" },
  ]);
});

test("the count of a pause comes with its end, and a watch whose symbols are all paused says so", async () => {
  const { service, watch, states, comes } = setUp({ symbols: ["ACME"] });
  (await service.stream()).open();
  await comes("caught-up");
  service.answer = () => ({ subscriptions: [{ symbol: "ACME", status: ACCEPTED, paused: PauseMode.CONFLATE }] });
  await watch.pause(["ACME"]);
  expect(states.at(-1)?.kind).toBe("paused");
  service.answer = () => ({ subscriptions: [{ symbol: "ACME", status: ACCEPTED, skipped: 12n }] });
  expect((await watch.resume(["ACME"])).subscriptions).toMatchObject([{ skipped: 12n }]);
  expect(states.at(-1)?.kind).toBe("live");
});

test("pauses and rates hold from the beginning of the stream that takes a broken one's place", async () => {
  const { service, watch, comes, breakStream, updates } = setUp();
  const stream = await service.stream();
  stream.open();
  await comes("caught-up");
  service.answer = () => ({ subscriptions: [{ symbol: "ACME", status: ACCEPTED, paused: PauseMode.REPLAY }] });
  await watch.pause(["ACME"], PauseMode.REPLAY);
  service.answer = () => ({ subscriptions: [{ symbol: "BETA", status: ACCEPTED, maxRate: 4 }] });
  await watch.setRate(["BETA"], 4);
  const second = await breakStream(stream);
  expect(second.request.commands).toMatchObject([
    { id: 0n, command: { case: "pause", value: { symbols: ["ACME"], mode: PauseMode.REPLAY } } },
    { id: 0n, command: { case: "setRate", value: { symbols: ["BETA"], maxRate: 4 } } },
  ]);
  second.start(10);
  second.send({ event: { case: "commandResult", value: { id: 0n } } });
  await comes("started", 2);
  expect(updates.at(-1)?.kind).toBe("started"); // What is asked for again is no news.
});

test("more different rates than a start takes are set once it has started", async () => {
  const symbols = Array.from({ length: 102 }, (_, index) => `S${index}`);
  const { service, watch, comes, breakStream } = setUp({ symbols });
  const stream = await service.stream();
  stream.open();
  await comes("caught-up");
  service.answer = () => ({
    subscriptions: symbols.map((symbol, index) => ({ symbol, status: ACCEPTED, maxRate: index + 1 })),
  });
  await watch.list();
  const second = await breakStream(stream);
  expect(second.request.commands).toHaveLength(100);
  second.open();
  await expect
    .poll(() => service.commands.slice(1))
    .toMatchObject([
      { case: "setRate", value: { symbols: ["S100"], maxRate: 101 } },
      { case: "setRate", value: { symbols: ["S101"], maxRate: 102 } },
    ]);
});

test("symbols that were taken off stay off, and those that were added stay", async () => {
  const { service, watch, comes, breakStream } = setUp();
  const stream = await service.stream();
  stream.open();
  await comes("caught-up");
  service.answer = ({ command }) =>
    command?.command.case === "subscribe"
      ? { subscriptions: [{ symbol: "GAMMA", status: ACCEPTED }] }
      : { subscriptions: [{ symbol: "BETA", status: ACCEPTED }] };
  await watch.unsubscribe(["BETA"]);
  await watch.subscribe(["GAMMA", "NONE"]);
  stream.quotes(12, QuotePhase.SNAPSHOT, quoteOf("GAMMA", 3));
  await comes("quotes", 2);
  const second = await breakStream(stream);
  expect(second.request.symbols).toEqual(["ACME", "GAMMA", "NONE"]);
});

test("a symbol whose snapshot had not come is subscribed to anew, so that it comes", async () => {
  const { service, watch, comes, breakStream } = setUp();
  const stream = await service.stream();
  stream.open();
  await comes("caught-up");
  service.answer = () => ({ subscriptions: [{ symbol: "GAMMA", status: ACCEPTED }] });
  await watch.subscribe(["GAMMA"]);
  const second = await breakStream(stream);
  expect(second.request.position.value).toMatchObject(cursorOf(10));
  expect(second.request.symbols).toEqual(["ACME", "BETA"]);
  expect(second.request.commands).toMatchObject([{ command: { case: "subscribe", value: { symbols: ["GAMMA"] } } }]);
});

test("of all instruments but one, the others are asked for by name", async () => {
  const { service, watch, comes, breakStream } = setUp({ symbols: ["*"] });
  const stream = await service.stream();
  const subscriptions = ["ACME", "BETA", "GAMMA"].map((symbol) => ({ symbol, status: ACCEPTED }));
  stream.send({ cursor: cursorOf(10), event: { case: "started", value: { streamId: "s", subscriptions } } });
  await comes("started");
  service.answer = () => ({ subscriptions: [{ symbol: "BETA", status: ACCEPTED }] });
  await watch.unsubscribe(["BETA"]);
  const second = await breakStream(stream);
  expect(second.request.symbols).toEqual(["ACME", "GAMMA"]);
});

test("without symbols nothing is asked for until some are added", async () => {
  const { service, watch, states } = setUp({ symbols: [] });
  const added = watch.subscribe(["ACME"]);
  const stream = await service.stream();
  expect(states.map(({ kind }) => kind)).toEqual(["connecting"]);
  expect(stream.request.symbols).toEqual(["ACME"]);
  service.answer = () => ({ subscriptions: [{ symbol: "ACME", status: ACCEPTED }] });
  stream.open();
  expect((await added).subscriptions).toHaveLength(1);
});

test("a command whose stream has ended is given to the next one", async () => {
  const { service, watch, comes, breakStream } = setUp();
  const stream = await service.stream();
  stream.open();
  await comes("caught-up");
  service.answer = () => {
    throw new ConnectError("no such stream", Code.NotFound);
  };
  const paused = watch.pause(["ACME"]);
  await expect.poll(() => service.commands.length).toBe(1);
  service.answer = () => ({});
  const second = await breakStream(stream);
  second.start(10, undefined, "second");
  expect(await paused).toMatchObject({ id: 1n });
});

test("the answer may come by the stream first, and counts once", async () => {
  const { service, watch, comes, updates } = setUp();
  const stream = await service.stream();
  stream.open();
  await comes("caught-up");
  service.answer = () => {
    throw new ConnectError("too slow", Code.Unavailable);
  };
  const paused = watch.pause(["ACME"]);
  stream.send({ event: { case: "commandResult", value: { id: 1n } } });
  expect(await paused).toMatchObject({ id: 1n });
  await comes("result");
  expect(updates.filter(({ kind }) => kind === "result")).toMatchObject([{ result: { id: 1n } }]);
});

test("a command that is refused rejects, and the others go on", async () => {
  const { service, watch, comes } = setUp();
  (await service.stream()).open();
  await comes("caught-up");
  service.answer = ({ command }) => {
    if (command?.command.case === "pause") throw new ConnectError("no symbols", Code.InvalidArgument);
    return {};
  };
  const refused = watch.pause([]);
  const pinged = watch.ping();
  await expect(refused).rejects.toMatchObject({ code: Code.InvalidArgument });
  expect(await pinged).toBe(0);
});

test("the commands that wait are bounded, and those of a watch that ends reject", async () => {
  const { watch } = setUp({ symbols: [] });
  const waiting = Array.from({ length: maxPendingCommands }, () => watch.ping());
  await expect(watch.ping()).rejects.toMatchObject({ code: Code.ResourceExhausted });
  watch.close();
  const results = await Promise.allSettled(waiting);
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["rejected"]));
  await expect(watch.ping()).rejects.toMatchObject({ code: Code.Canceled });
});
