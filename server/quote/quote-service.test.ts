import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { InstrumentSchema, SlowReaderPolicy, type WatchCommandSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import {
  QuoteService,
  type StreamQuotesRequestSchema,
  type WatchQuotesResponse,
} from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { ManualTime, someMonday } from "../shared/testing/manual-time.ts";
import { mapDomainErrors } from "../shared/testing/map-domain-errors.ts";
import { SharedLimit } from "../transport/protection/shared-limit.ts";
import { QuoteHub, subscriberLimit } from "./hub/quote-hub.ts";
import { defaultHeartbeatMillis, quoteService } from "./quote-service.ts";
import { maxWaitingQuotes } from "./watch/lossless-queue.ts";
import { maxStartResultSymbols } from "./watch/quote-watch.ts";

type WatchCommandInit = MessageInitShape<typeof WatchCommandSchema>;
type StreamQuotesRequestInit = MessageInitShape<typeof StreamQuotesRequestSchema>;

function setUp(maxSubscribers?: number) {
  const time = new ManualTime();
  const instruments = ["BETA", "ACME"].map((symbol) => create(InstrumentSchema, { symbol, currency: "USD" }));
  const hub = new QuoteHub({
    epoch: 18_446_744_073_709_551_615n,
    now: time.now,
    timers: time.timers,
    instruments,
    subscriberLimit: new SharedLimit(subscriberLimit, { max: maxSubscribers }),
  });
  const shutdown = new AbortController();
  const transport = createRouterTransport(
    (router) => router.service(QuoteService, quoteService({ hub, newId: () => "stream-1" })),
    { router: { interceptors: [mapDomainErrors], shutdownSignal: shutdown.signal } },
  );
  const publish = (symbol: string, last: number) => hub.publish([{ symbol, last, sourceTime: someMonday + last }]);
  return { hub, time, publish, shutdown, client: createClient(QuoteService, transport) };
}

/** Reads a stream until it ends or `see` throws. Resolves to the error, if any. */
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
  it("sends started, a snapshot and live quotes, and its cursor in the trailers", async () => {
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
      if (quotes.at(-1)?.last === 3)
        shutdown.abort(new ConnectError("the server is draining; reconnect", Code.Unavailable));
    });
    expect(seen).toEqual(["started", "quotes 1", "caughtUp", "quotes 3"]);
    expect(header.get("bourse-stream-id")).toBe("stream-1");
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "the server is draining; reconnect" });
    expect(error?.metadata.get("bourse-cursor")).toBe("18446744073709551615.3");
    expect(error?.metadata.get("bourse-sent-count")).toBe("2");
    expect([hub.subscriberCount, time.timers.count]).toEqual([0, 0]);
  });

  it("frees everything when the client cancels an idle stream", async () => {
    const { client, hub, time } = setUp();
    const cancel = new AbortController();
    const error = await read(client.watchQuotes({ symbols: ["*"] }, { signal: cancel.signal }), ({ event }) => {
      expect(hub.subscriberCount).toBe(1);
      if (event.case === "caughtUp") cancel.abort();
    });
    expect(error?.code).toBe(Code.Canceled);
    expect([hub.subscriberCount, time.timers.count]).toEqual([0, 0]);
  });

  it("ends with DEADLINE_EXCEEDED at the client's deadline, and frees everything", async () => {
    const { client, hub, time } = setUp();
    const error = await read(client.watchQuotes({ symbols: ["*"] }, { timeoutMs: 20 }), () => {});
    expect(error?.code).toBe(Code.DeadlineExceeded);
    expect([hub.subscriberCount, time.timers.count]).toEqual([0, 0]);
  });

  it("sends heartbeats at the interval of the request, by default every 15 s", async () => {
    const { client, time, shutdown } = setUp();
    const every = vi.spyOn(time.timers, "every");
    const heartbeats: string[] = [];
    const see = ({ event }: WatchQuotesResponse) => {
      if (event.case === "caughtUp") time.advance(2_500);
      if (event.case === "heartbeat") {
        heartbeats.push(`${event.value.queued} queued`);
        shutdown.abort();
      }
    };
    await read(client.watchQuotes({ symbols: ["*"], heartbeatInterval: { seconds: 2n, nanos: 500_000_000 } }), see);
    await read(client.watchQuotes({ symbols: ["*"] }), see);
    expect(every.mock.calls.map(([millis]) => millis)).toEqual([2_500, defaultHeartbeatMillis]);
    expect(heartbeats).toEqual(["0 queued"]);
  });

  it("ends the stream of a slow lossless reader with RESOURCE_EXHAUSTED", async () => {
    const { client, publish } = setUp();
    const request = { symbols: ["ACME"], slowReaderPolicy: SlowReaderPolicy.DISCONNECT };
    const stream = client.watchQuotes(request);
    const error = await read(stream, ({ event }) => {
      if (event.case !== "caughtUp") return;
      for (let last = 0; last <= 2 * maxWaitingQuotes; last++) publish("ACME", last);
    });
    expect(error?.code).toBe(Code.ResourceExhausted);
    expect(error?.rawMessage).toContain("the client reads too slowly: limit of 10,000 queued quotes reached");
    expect(error?.metadata.get("bourse-cursor")).toMatch(/^18446744073709551615\.\d+$/);
  });

  it("refuses streams beyond the limit of the hub with RESOURCE_EXHAUSTED", async () => {
    const { client } = setUp(0);
    const error = await read(client.watchQuotes({ symbols: ["*"] }), () => {});
    expect(error?.code).toBe(Code.ResourceExhausted);
  });
});

describe("QuoteService.GetQuote", () => {
  it("returns the newest quote, none before the first, and NOT_FOUND for an unknown symbol", async () => {
    const { client, publish } = setUp();
    expect((await client.getQuote({ symbol: "ACME" })).quote).toBeUndefined();
    publish("ACME", 1);
    publish("ACME", 2);
    expect((await client.getQuote({ symbol: "ACME" })).quote).toMatchObject({ last: 2, instrumentSeq: 2n });
    await expect(client.getQuote({ symbol: "X" })).rejects.toMatchObject({
      code: Code.NotFound,
      rawMessage: "there is no instrument X: check the symbol; ListInstruments returns all",
    });
  });
});

describe("QuoteService.StreamQuotes", () => {
  const start: StreamQuotesRequestInit = { request: { case: "start", value: { symbols: ["ACME"] } } };
  const ping: StreamQuotesRequestInit = {
    request: { case: "command", value: { id: 7n, command: { case: "ping", value: {} } } },
  };

  it("sends quotes and command results, also after the client has closed its side", async () => {
    const { client, publish } = setUp();
    publish("ACME", 1);
    async function* requests() {
      yield start;
      yield ping;
    }
    const seen: string[] = [];
    for await (const { update } of client.streamQuotes(requests())) {
      seen.push(update?.event.case ?? `quotes ${update?.quotes.map(({ last }) => last)}`);
      if (update?.event.case === "caughtUp") setImmediate(() => publish("ACME", 2));
      if (update?.quotes.at(-1)?.last === 2) break;
    }
    expect(seen.toSorted()).toEqual(["caughtUp", "commandResult", "quotes 1", "quotes 2", "started"]);
    expect(seen.at(-1)).toBe("quotes 2");
  });

  it.each([
    ["a command first", [ping], "the first request of a stream is start"],
    ["nothing", [], "the first request of a stream is start"],
    ["a second start", [start, start], "the stream has started: send commands"],
    [
      "an empty command",
      [start, { request: { case: "command", value: {} } } as StreamQuotesRequestInit],
      "command: is empty",
    ],
  ])("refuses %s with INVALID_ARGUMENT", async (_what, requests, message) => {
    const { client, hub } = setUp();
    async function* all() {
      yield* requests;
    }
    const updates = client.streamQuotes(all());
    const error = await Array.fromAsync(updates).catch((thrown: unknown) => ConnectError.from(thrown));
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining(message) });
    expect(hub.subscriberCount).toBe(0);
  });
});

describe("QuoteService.UpdateWatch", () => {
  it("runs a command on a stream of either kind, which receives the result too", async () => {
    const { client, publish } = setUp();
    const command: WatchCommandInit = { id: 3n, command: { case: "subscribe", value: { symbols: ["BETA"] } } };
    const events: string[] = [];
    for await (const { event, quotes } of client.watchQuotes({ symbols: ["ACME"] })) {
      events.push(event.case ?? `quotes ${quotes.map(({ symbol }) => symbol)}`);
      if (event.case === "caughtUp") {
        const { result } = await client.updateWatch({ streamId: "stream-1", command });
        expect(result).toMatchObject({ id: 3n, subscriptions: [{ symbol: "BETA" }] });
        publish("BETA", 1);
      }
      if (quotes.length > 0) break;
    }
    expect(events).toEqual(["started", "caughtUp", "commandResult", "quotes BETA"]);
  });

  it("returns NOT_FOUND if no such stream runs", async () => {
    const { client } = setUp();
    const command = { command: { case: "ping", value: {} } } as const;
    const rawMessage =
      "there is no running stream stream-1: it has ended, or the id is wrong: use the id of a running stream";
    const gone = { code: Code.NotFound, rawMessage };
    await expect(client.updateWatch({ streamId: "stream-1", command })).rejects.toMatchObject(gone);
    const cancel = new AbortController();
    await read(client.watchQuotes({ symbols: ["ACME"] }, { signal: cancel.signal }), () => cancel.abort());
    await expect(client.updateWatch({ streamId: "stream-1", command })).rejects.toMatchObject(gone);
  });
});

describe("commands of the start request", () => {
  it("take effect before the first quote, and have their results after `started`", async () => {
    const { client, publish } = setUp();
    publish("ACME", 1);
    publish("BETA", 2);
    const commands: WatchCommandInit[] = [{ id: 1n, command: { case: "pause", value: { symbols: ["ACME"] } } }];
    const seen: string[] = [];
    for await (const { event, quotes } of client.watchQuotes({ symbols: ["*"], commands })) {
      seen.push(event.case ?? `quotes ${quotes.map(({ symbol }) => symbol)}`);
      if (event.case === "caughtUp") break;
    }
    expect(seen).toEqual(["started", "commandResult", "quotes BETA", "caughtUp"]);
  });

  it("are refused if their results are too large together", async () => {
    const { client, hub } = setUp();
    const commands = Array.from({ length: maxStartResultSymbols / hub.instruments.length + 1 }, () => ({
      command: { case: "listSubscriptions", value: {} } as const,
    }));
    const error = await read(client.watchQuotes({ symbols: ["*"], commands }), () => {});
    expect(error?.code).toBe(Code.InvalidArgument);
    expect(hub.subscriberCount).toBe(0);
  });
});
