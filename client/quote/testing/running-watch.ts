import { Code, ConnectError } from "@connectrpc/connect";
import { expect, onTestFinished } from "vitest";
import { ManualTimers } from "../../shared/testing/manual-timers.ts";
import { type WatchQuotesOptions, watchQuotes } from "../watch-quotes.ts";
import type { WatchState, WatchUpdate } from "../watch-update.ts";
import { FakeQuoteService, type FakeStream } from "./fake-quote-service.ts";

const lostConnection = new ConnectError("the connection broke", Code.Unavailable);

/** Starts a watch of a fake service, with a loop that reads all updates. */
export function runningWatch(options: Partial<WatchQuotesOptions> = {}) {
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
  const ended = (async () => {
    for await (const update of watch) updates.push(update);
  })();
  ended.catch(() => {});
  const expectUpdate = (kind: WatchUpdate["kind"], times = 1) =>
    expect.poll(() => updates.filter((update) => update.kind === kind).length).toBeGreaterThanOrEqual(times);
  const failStream = (stream: FakeStream) => {
    stream.end(lostConnection);
    return expect.poll(() => states.at(-1)?.kind).toBe("retrying");
  };
  const breakStream = async (stream: FakeStream): Promise<FakeStream> => {
    await failStream(stream);
    timers.advance(10_000);
    return service.stream();
  };
  return { service, timers, states, updates, watch, ended, expectUpdate, failStream, breakStream };
}
