import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { PauseMode, SubscriptionStatus } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { runningWatch } from "./testing/running-watch.ts";
import { maxPendingCommands } from "./watch-command-sender.ts";

const { ACCEPTED } = SubscriptionStatus;

test("commands are sent to the stream by its id, one after another", async () => {
  const { service, watch, expectUpdate } = runningWatch();
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
  await expectUpdate("caught-up");
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

test("the result of a resume has the number of skipped quotes, and a watch with only paused symbols is paused", async () => {
  const { service, watch, states, expectUpdate } = runningWatch({ symbols: ["ACME"] });
  (await service.stream()).open();
  await expectUpdate("caught-up");
  service.answer = () => ({ subscriptions: [{ symbol: "ACME", status: ACCEPTED, paused: PauseMode.CONFLATE }] });
  await watch.pause(["ACME"]);
  expect(states.at(-1)?.kind).toBe("paused");
  service.answer = () => ({ subscriptions: [{ symbol: "ACME", status: ACCEPTED, skipped: 12n }] });
  expect((await watch.resume(["ACME"])).subscriptions).toMatchObject([{ skipped: 12n }]);
  expect(states.at(-1)?.kind).toBe("live");
});

test("a result that arrives after the end of its stream is ignored, and the command is sent to the next stream", async () => {
  const { service, watch, expectUpdate, breakStream } = runningWatch();
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  const answered = Promise.withResolvers<void>();
  service.delay = () => answered.promise;
  const paused = watch.pause(["ACME"]);
  await expect.poll(() => service.commands.length).toBe(1);
  const second = await breakStream(stream);
  answered.resolve();
  second.open();
  await paused;
  expect(service.commands).toHaveLength(2);
});

test("a command whose stream has ended is sent to the next one", async () => {
  const { service, watch, expectUpdate, breakStream } = runningWatch();
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
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

test("a result that arrives by the stream first counts once", async () => {
  const { service, watch, expectUpdate, updates } = runningWatch();
  const stream = await service.stream();
  stream.open();
  await expectUpdate("caught-up");
  service.answer = () => {
    throw new ConnectError("too slow", Code.Unavailable);
  };
  const paused = watch.pause(["ACME"]);
  stream.send({ event: { case: "commandResult", value: { id: 1n } } });
  expect(await paused).toMatchObject({ id: 1n });
  await expectUpdate("result");
  expect(updates.filter(({ kind }) => kind === "result")).toMatchObject([{ result: { id: 1n } }]);
});

test("a refused command rejects, and the others continue", async () => {
  const { service, watch, expectUpdate } = runningWatch();
  (await service.stream()).open();
  await expectUpdate("caught-up");
  service.answer = ({ command }) => {
    if (command?.command.case === "pause") throw new ConnectError("no symbols", Code.InvalidArgument);
    return {};
  };
  const refused = watch.pause([]);
  const pinged = watch.ping();
  await expect(refused).rejects.toMatchObject({ code: Code.InvalidArgument });
  expect(await pinged).toBe(0);
});

test("pending commands are limited, and those of a closed watch reject", async () => {
  const { watch } = runningWatch({ symbols: [] });
  const waiting = Array.from({ length: maxPendingCommands }, () => watch.ping());
  await expect(watch.ping()).rejects.toMatchObject({ code: Code.ResourceExhausted });
  watch.close();
  const results = await Promise.allSettled(waiting);
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["rejected"]));
  await expect(watch.ping()).rejects.toMatchObject({ code: Code.Canceled });
});
