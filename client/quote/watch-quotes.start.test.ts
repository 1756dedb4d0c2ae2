import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { PauseMode, QuotePhase, SlowReaderPolicy, SubscriptionStatus } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { cursorOf, quoteOf } from "./testing/fake-quote-service.ts";
import { runningWatch } from "./testing/running-watch.ts";

const { ACCEPTED } = SubscriptionStatus;

test("pauses and rates are restored at the start of the next stream", async () => {
  const { service, watch, expectUpdate, breakStream, updates } = runningWatch();
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
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
  await expectUpdate("started", 2);
  expect(updates.at(-1)?.kind).toBe("started"); // results of restored commands are not reported
});

test("rates above the limit of the first request are set after the start, before pending commands", async () => {
  const symbols = Array.from({ length: 102 }, (_, index) => `S${index}`);
  const { service, watch, expectUpdate, breakStream } = runningWatch({ symbols });
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  service.answer = () => ({
    subscriptions: symbols.map((symbol, index) => ({ symbol, status: ACCEPTED, maxRate: index + 1 })),
  });
  await watch.list();
  const second = await breakStream(stream);
  expect(second.request.commands).toHaveLength(100);
  const ids: (bigint | undefined)[] = [];
  service.answer = ({ command }) => {
    ids.push(command?.id);
    return {};
  };
  const changed = watch.setRate(["S101"], 7);
  second.open();
  await changed;
  expect(ids).toEqual([0n, 0n, 2n]);
  expect(service.commands.slice(1)).toMatchObject([
    { case: "setRate", value: { symbols: ["S100"], maxRate: 101 } },
    { case: "setRate", value: { symbols: ["S101"], maxRate: 102 } },
    { case: "setRate", value: { symbols: ["S101"], maxRate: 7 } },
  ]);
});

test("the next stream has the accepted symbols, and not the removed ones", async () => {
  const { service, watch, expectUpdate, breakStream } = runningWatch();
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  service.answer = ({ command }) =>
    command?.command.case === "subscribe"
      ? { subscriptions: [{ symbol: "GAMMA", status: ACCEPTED }] }
      : { subscriptions: [{ symbol: "BETA", status: ACCEPTED }] };
  await watch.unsubscribe(["BETA"]);
  await watch.subscribe(["GAMMA", "NONE"]);
  stream.quotes(12, QuotePhase.SNAPSHOT, quoteOf("GAMMA", 3));
  await expectUpdate("quotes", 2);
  const second = await breakStream(stream);
  expect(second.request.symbols).toEqual(["ACME", "GAMMA"]);
});

test("a symbol without a snapshot is subscribed to again", async () => {
  const { service, watch, expectUpdate, breakStream } = runningWatch();
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  service.answer = () => ({ subscriptions: [{ symbol: "GAMMA", status: ACCEPTED }] });
  await watch.subscribe(["GAMMA"]);
  const second = await breakStream(stream);
  expect(second.request.position.value).toMatchObject(cursorOf(10));
  expect(second.request.symbols).toEqual(["ACME", "BETA"]);
  expect(second.request.commands).toMatchObject([{ command: { case: "subscribe", value: { symbols: ["GAMMA"] } } }]);
});

test("all instruments are subscribed to again if some have no snapshot", async () => {
  const { service, watch, expectUpdate, breakStream } = runningWatch({ symbols: ["ACME"] });
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  service.answer = () => ({ subscriptions: ["ACME", "BETA"].map((symbol) => ({ symbol, status: ACCEPTED })) });
  await watch.subscribe(["*"]);
  const second = await breakStream(stream);
  expect(second.request.position.value).toMatchObject(cursorOf(10));
  expect(second.request.symbols).toEqual(["ACME"]);
  expect(second.request.commands).toMatchObject([{ command: { case: "subscribe", value: { symbols: ["*"] } } }]);
});

test("a symbol that is added after all others were removed starts with a snapshot, until the snapshot is complete", async () => {
  const { service, watch, expectUpdate, failStream, breakStream } = runningWatch({ symbols: ["ACME"], from: "oldest" });
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  await watch.unsubscribe(["ACME"]);
  await expect.poll(() => watch.cursor).toMatchObject(cursorOf(10));
  await failStream(stream);
  const added = watch.subscribe(["BETA"]);
  const second = await service.stream();
  expect(second.request.symbols).toEqual(["BETA"]);
  expect(second.request.position.case).toBeUndefined();
  service.answer = () => ({ subscriptions: [{ symbol: "BETA", status: ACCEPTED }] });
  second.start(20);
  await added;
  const third = await breakStream(second);
  expect(third.request.symbols).toEqual(["BETA"]);
  expect(third.request.position.case).toBeUndefined();
  expect(watch.cursor).toMatchObject(cursorOf(10));
  third.open(30);
  await expectUpdate("caught-up", 2);
  const fourth = await breakStream(third);
  expect(fourth.request.position.value).toMatchObject(cursorOf(30));
});

test("a gap before a symbol that was removed and added again is not counted as lost", async () => {
  const policy = SlowReaderPolicy.DISCONNECT;
  const { service, watch, expectUpdate, failStream, updates } = runningWatch({ symbols: ["ACME"], policy });
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  await watch.unsubscribe(["ACME"]);
  await failStream(stream);
  watch.subscribe(["ACME"]).catch(() => {});
  const second = await service.stream();
  second.start(20);
  second.quotes(20, QuotePhase.LIVE, quoteOf("ACME", 20));
  await expectUpdate("quotes", 2);
  expect(updates.at(-1)).toMatchObject({ gaps: [{ symbol: "ACME", missing: 9n, cause: "skipped" }] });
});

test("a watch from the oldest quote starts there only until it has a cursor", async () => {
  const { service, watch, expectUpdate, breakStream } = runningWatch({ symbols: ["ACME"], from: "oldest" });
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  service.answer = ({ command }) => ({
    subscriptions: command?.command.case === "subscribe" ? [{ symbol: "BETA", status: ACCEPTED }] : [],
  });
  await watch.subscribe(["BETA"]);
  await watch.unsubscribe(["ACME"]);
  const second = await breakStream(stream);
  expect(second.request.symbols).toEqual(["BETA"]);
  expect(second.request.position.case).toBeUndefined();
});

test("a reset that a lost stream has not delivered is delivered by the next stream", async () => {
  const { service, breakStream, expectUpdate } = runningWatch({ symbols: ["ACME"] });
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  const second = await breakStream(stream);
  second.start(50);
  await expectUpdate("started", 2);
  const third = await breakStream(second);
  expect(third.request.position.value).toMatchObject(cursorOf(10));
});

test("after one instrument is removed from the wildcard, the others are requested by name", async () => {
  const { service, watch, expectUpdate, breakStream } = runningWatch({ symbols: ["*"] });
  const stream = await service.stream();
  const subscriptions = ["ACME", "BETA", "GAMMA"].map((symbol) => ({ symbol, status: ACCEPTED }));
  stream.send({ cursor: cursorOf(10), event: { case: "started", value: { streamId: "s", subscriptions } } });
  await expectUpdate("started");
  service.answer = () => ({ subscriptions: [{ symbol: "BETA", status: ACCEPTED }] });
  await watch.unsubscribe(["BETA"]);
  const second = await breakStream(stream);
  expect(second.request.symbols).toEqual(["ACME", "GAMMA"]);
});

test("a watch without symbols opens no stream until some are added", async () => {
  const { service, watch, states } = runningWatch({ symbols: [] });
  const added = watch.subscribe(["ACME"]);
  const stream = await service.stream();
  expect(states.map(({ kind }) => kind)).toEqual(["connecting"]);
  expect(stream.request.symbols).toEqual(["ACME"]);
  service.answer = () => ({ subscriptions: [{ symbol: "ACME", status: ACCEPTED }] });
  stream.open();
  expect((await added).subscriptions).toHaveLength(1);
});

test("the rate of the first added symbols applies from the start", async () => {
  const { service, watch } = runningWatch({ symbols: [], maxRate: 9 });
  watch.subscribe(["ACME"], 0.5).catch(() => {});
  watch.subscribe(["BETA"]).catch(() => {});
  const { request } = await service.stream();
  expect(request).toMatchObject({ symbols: ["ACME"], maxRate: 9 });
  expect(request.commands).toMatchObject([
    { id: 0n, command: { case: "setRate", value: { symbols: ["ACME"], maxRate: 0.5 } } },
  ]);
});

test("a refused first subscribe rejects, and the next one starts the stream", async () => {
  const { service, watch } = runningWatch({ symbols: [] });
  const bad = watch.subscribe(["x".repeat(65)]);
  const good = watch.subscribe(["ACME"]);
  (await service.stream()).end(new ConnectError("too long", Code.InvalidArgument));
  await expect(bad).rejects.toMatchObject({ code: Code.InvalidArgument, rawMessage: "too long" });
  const second = await service.stream();
  expect(second.request.symbols).toEqual(["ACME"]);
  second.open();
  await good;
});

test("an error of the caller ends the watch, and is not the result of the first subscribe", async () => {
  const { service, watch, ended } = runningWatch({ symbols: [] });
  const added = watch.subscribe(["ACME"]);
  (await service.stream()).end(new ConnectError("who?", Code.Unauthenticated));
  await expect(added).rejects.toMatchObject({ code: Code.Canceled });
  await expect(ended).rejects.toMatchObject({ code: Code.Unauthenticated });
});
