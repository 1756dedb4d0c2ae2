import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { InstrumentSchema, WatchCommandSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesRequestSchema, type WatchQuotesResponse } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import { QuoteHub, type QuoteHubOptions } from "../hub/quote-hub.ts";
import { MemoryQuoteLog } from "../log/memory-quote-log.ts";
import { QuoteWatch } from "../watch/quote-watch.ts";

/** The heartbeat interval of a test watch, so long that it does not expire in tests of other behaviour. */
export const testHeartbeatMillis = 60_000;

export interface TestWatchOptions extends Partial<QuoteHubOptions> {
  readonly symbols?: readonly string[];
  /** The capacity of the log, in quotes. */
  readonly maxLogged?: number;
}

/** Creates a hub with a manual clock, and functions that publish to it and open watches of it. */
export function testWatch({ symbols = ["A", "B", "C"], maxLogged = 100_000, ...options }: TestWatchOptions = {}) {
  const time = new ManualTime();
  const hub = new QuoteHub({
    epoch: 9n,
    now: time.now,
    timers: time.timers,
    instruments: symbols.map((symbol) => create(InstrumentSchema, { symbol })),
    log: new MemoryQuoteLog({ maxQuotes: maxLogged }),
    ...options,
  });
  const abort = new AbortController();
  const watch = (
    request: MessageInitShape<typeof WatchQuotesRequestSchema> = {},
    maxSubscriptions?: number,
    peer?: string,
  ) =>
    new QuoteWatch({
      hub,
      request: create(WatchQuotesRequestSchema, { symbols: ["*"], ...request }),
      streamId: "stream-1",
      heartbeatMillis: testHeartbeatMillis,
      signal: abort.signal,
      maxSubscriptions,
      ...(peer !== undefined && { peer }),
    });
  const publish = (...published: string[]) =>
    hub.publish(published.map((symbol) => ({ symbol, last: 1, sourceTime: someMonday })));
  return { time, hub, abort, watch, publish };
}

/** Runs a command on a watch, and returns its result. */
export function give(watch: QuoteWatch, command: MessageInitShape<typeof WatchCommandSchema>["command"], id = 1n) {
  return watch.command(create(WatchCommandSchema, { id, ...(command && { command }) }));
}

/** Returns all responses that are available. */
export function drain(watch: QuoteWatch): WatchQuotesResponse[] {
  const responses: WatchQuotesResponse[] = [];
  for (let next = watch.next(); next !== undefined; next = watch.next()) responses.push(next);
  return responses;
}

const phaseNames = ["none", "snapshot", "live", "replay"];

/** Drains a watch into short texts: `live A1,B1 @2` contains the first quotes of A and B, and the cursor 2. */
export function summarize(watch: QuoteWatch): string[] {
  return drain(watch).map(({ event, phase, quotes, cursor }) => {
    const names = quotes.map(({ symbol, instrumentSeq }) => `${symbol}${instrumentSeq}`);
    return `${event.case ?? `${phaseNames[phase]} ${names}`} @${cursor?.seq}`;
  });
}

/** Creates a test hub with a watch that has caught up. */
export function caughtUp(request: Parameters<ReturnType<typeof testWatch>["watch"]>[0] = {}, maxLogged?: number) {
  const world = testWatch(maxLogged === undefined ? {} : { maxLogged });
  const one = world.watch(request);
  drain(one);
  return { ...world, one };
}
