import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { InstrumentSchema, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService, type WatchQuotesResponse } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { domainErrors } from "../errors.ts";
import { maxWaitingQuotes } from "./lossless-queue.ts";
import { ManualTime, someMonday } from "./manual-time.ts";
import { QuoteHub } from "./quote-hub.ts";
import { defaultHeartbeatMillis, quoteService } from "./quote-service.ts";
import type { Every } from "./timers.ts";

function setUp(maxSubscribers?: number) {
  const time = new ManualTime();
  const instruments = ["BETA", "ACME"].map((symbol) => create(InstrumentSchema, { symbol, currency: "USD" }));
  const hub = new QuoteHub({ epoch: 18_446_744_073_709_551_615n, now: time.now, instruments, maxSubscribers });
  const intervals: number[] = [];
  const every: Every = (millis, beat) => {
    intervals.push(millis);
    return time.every(millis, beat);
  };
  const shutdown = new AbortController();
  const transport = createRouterTransport(
    (router) => router.service(QuoteService, quoteService({ hub, newId: () => "stream-1", every })),
    { router: { interceptors: [domainErrors], shutdownSignal: shutdown.signal } },
  );
  const publish = (symbol: string, last: number) => hub.publish([{ symbol, last, sourceTime: someMonday + last }]);
  return { hub, time, publish, intervals, shutdown, client: createClient(QuoteService, transport) };
}

/** Reads a stream and keeps what it brought, until it ends or `see` throws. */
async function read(stream: AsyncIterable<WatchQuotesResponse>, see: (response: WatchQuotesResponse) => void) {
  try {
    for await (const response of stream) see(response);
    return undefined;
  } catch (error) {
    return ConnectError.from(error);
  }
}

describe("QuoteService.ListInstruments", () => {
  it("lists all instruments, sorted by symbol", async () => {
    const { instruments } = await setUp().client.listInstruments({});
    expect(instruments.map(({ symbol, currency }) => [symbol, currency])).toEqual([
      ["ACME", "USD"],
      ["BETA", "USD"],
    ]);
  });
});

describe("QuoteService.WatchQuotes", () => {
  it("streams a start, a snapshot, and what happens from then on, and tells in its trailers how far it got", async () => {
    const { client, publish, hub, time, shutdown } = setUp();
    publish("ACME", 1);
    let header = new Headers();
    const seen: string[] = [];
    const onHeader = (headers: Headers) => {
      header = headers;
    };
    const stream = client.watchQuotes({ symbols: ["ACME", "X"] }, { onHeader });
    const error = await read(stream, ({ event, quotes }) => {
      seen.push(event.case ?? `quotes ${quotes.map(({ last }) => last)}`);
      if (event.case === "caughtUp") {
        publish("BETA", 2);
        publish("ACME", 3);
      }
      if (quotes.at(-1)?.last === 3) shutdown.abort(new ConnectError("the server stops: come back", Code.Unavailable));
    });
    expect(seen).toEqual(["started", "quotes 1", "caughtUp", "quotes 3"]);
    expect(header.get("bourse-stream-id")).toBe("stream-1");
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "the server stops: come back" });
    expect(error?.metadata.get("bourse-cursor")).toBe("18446744073709551615.3");
    expect(error?.metadata.get("bourse-sent-count")).toBe("2");
    expect([hub.subscriberCount, time.timerCount]).toEqual([0, 0]);
  });

  it("leaves nothing behind when the client cancels a stream on which nothing happens", async () => {
    const { client, hub, time } = setUp();
    const cancel = new AbortController();
    const error = await read(client.watchQuotes({}, { signal: cancel.signal }), ({ event }) => {
      expect(hub.subscriberCount).toBe(1);
      if (event.case === "caughtUp") cancel.abort();
    });
    expect(error?.code).toBe(Code.Canceled);
    expect([hub.subscriberCount, time.timerCount]).toEqual([0, 0]);
  });

  it("ends with DEADLINE_EXCEEDED at the client's deadline, and leaves nothing behind", async () => {
    const { client, hub, time } = setUp();
    const error = await read(client.watchQuotes({}, { timeoutMs: 20 }), () => {});
    expect(error?.code).toBe(Code.DeadlineExceeded);
    expect([hub.subscriberCount, time.timerCount]).toEqual([0, 0]);
  });

  it("beats at the interval that the client asks for, every 15 s where it does not say", async () => {
    const { client, intervals, time, shutdown } = setUp();
    const beats: string[] = [];
    const see = ({ event }: WatchQuotesResponse) => {
      if (event.case === "caughtUp") time.beat();
      if (event.case === "heartbeat") {
        beats.push(`${event.value.queued} queued`);
        shutdown.abort();
      }
    };
    await read(client.watchQuotes({ heartbeatInterval: { seconds: 2n, nanos: 500_000_000 } }), see);
    await read(client.watchQuotes({}), see);
    expect(intervals).toEqual([2500, defaultHeartbeatMillis]);
    expect(beats).toEqual(["0 queued"]);
  });

  it("ends a reader that is too slow with RESOURCE_EXHAUSTED where it asked for that", async () => {
    const { client, publish } = setUp();
    const request = { symbols: ["ACME"], slowReaderPolicy: SlowReaderPolicy.DISCONNECT };
    const stream = client.watchQuotes(request);
    const error = await read(stream, ({ event }) => {
      if (event.case !== "caughtUp") return;
      for (let last = 0; last <= 2 * maxWaitingQuotes; last++) publish("ACME", last);
    });
    expect(error?.code).toBe(Code.ResourceExhausted);
    expect(error?.rawMessage).toContain("the reader is too slow: 10000 quotes wait for it");
    expect(error?.metadata.get("bourse-cursor")).toMatch(/^18446744073709551615\.\d+$/);
  });

  it("refuses more streams than the hub takes with RESOURCE_EXHAUSTED", async () => {
    const { client } = setUp(0);
    const error = await read(client.watchQuotes({}), () => {});
    expect(error?.code).toBe(Code.ResourceExhausted);
  });
});
