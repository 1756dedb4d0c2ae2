import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AsyncQueue } from "../../client/shared/testing/async-queue.ts";
import {
  CursorOutOfRangeSchema,
  CursorProblem,
  PauseMode,
  type Quote,
  QuotePhase,
  SubscriptionStatus,
  type WatchCommandSchema,
} from "../../gen/bourse/quote/v1/quote_pb.ts";
import {
  QuoteService,
  type StreamQuotesRequestSchema,
  type WatchQuotesRequestSchema,
  type WatchQuotesResponse,
} from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { type QuoteServer, startQuoteServer } from "./quote-server.ts";
import { wires } from "./wire-clients.ts";

type WatchRequest = MessageInitShape<typeof WatchQuotesRequestSchema>;
type StreamRequest = MessageInitShape<typeof StreamQuotesRequestSchema>;
type Command = MessageInitShape<typeof WatchCommandSchema>;

const symbols = Array.from({ length: 50 }, (_, at) => `S${String(at).padStart(2, "0")}`);
const duplexWires = wires.filter(({ kinds }) => kinds.includes("bidiStream"));
const { CONFLATE, REPLAY } = PauseMode;

let world: QuoteServer;

beforeAll(async () => {
  world = await startQuoteServer(symbols);
  world.publish(...symbols);
});

afterAll(() => world.server[Symbol.asyncDispose]());

function clientOf({ transport }: (typeof wires)[number]): Client<typeof QuoteService> {
  return createClient(QuoteService, transport(world.server.url));
}

/** Resolves to the error of a call, or to undefined if the call succeeds. */
async function failureOf(answers: AsyncIterable<unknown> | Promise<unknown>): Promise<ConnectError | undefined> {
  try {
    if (answers instanceof Promise) await answers;
    else for await (const _ of answers);
    return undefined;
  } catch (error) {
    return ConnectError.from(error);
  }
}

/** A request stream that stays open until `close` is called. */
function openRequests(...first: StreamRequest[]): AsyncQueue<StreamRequest> {
  const requests = new AsyncQueue<StreamRequest>();
  for (const request of first) requests.push(request);
  return requests;
}

const start = (value: WatchRequest): StreamRequest => ({ request: { case: "start", value } });
const command = (value: Command): StreamRequest => ({ request: { case: "command", value } });
const subscribe = (id: number, ...named: string[]): Command => ({
  id: BigInt(id),
  command: { case: "subscribe", value: { symbols: named } },
});
const pause = (mode: PauseMode, ...named: string[]): Command => ({
  command: { case: "pause", value: { symbols: named, mode } },
});
const resume = (...named: string[]): Command => ({ command: { case: "resume", value: { symbols: named } } });

describe.each(wires)("over $name", (wire) => {
  const badWatches: [string, WatchRequest, string][] = [
    ["an empty list of symbols", { symbols: [] }, "symbols"],
    ["an empty symbol", { symbols: ["S00", ""] }, "symbols[1]"],
    ["a symbol that is too long", { symbols: ["é".repeat(33)] }, "symbols[0]"],
    ["100,000 symbols", { symbols: Array.from({ length: 100_000 }, (_, at) => `S${at}`) }, "symbols"],
    ["a rate of 0", { symbols: ["*"], maxRate: 0 }, "max_rate"],
    ["a rate of a million", { symbols: ["*"], maxRate: 1e6 }, "max_rate"],
    ["a rate that is not a number", { symbols: ["*"], maxRate: Number.NaN }, "max_rate"],
    ["heartbeats every 99 ms", { symbols: ["*"], heartbeatInterval: { nanos: 99_000_000 } }, "heartbeat_interval"],
    ["heartbeats every 2 h", { symbols: ["*"], heartbeatInterval: { seconds: 7_200n } }, "heartbeat_interval"],
    ["an unknown policy", { symbols: ["*"], slowReaderPolicy: 9 as 1 }, "slow_reader_policy"],
    [
      "a negative cursor",
      { symbols: ["*"], position: { case: "resumeAfter", value: { epoch: 5n, seq: -1n } } },
      "resume_after.seq",
    ],
    ["from_oldest that is false", { symbols: ["*"], position: { case: "fromOldest", value: false } }, "from_oldest"],
    ["a bad command of the start", { symbols: ["*"], commands: [subscribe(1)] }, "commands[0].subscribe.symbols"],
  ];

  test.each(badWatches)("%s is INVALID_ARGUMENT with the field", async (_what, request, field) => {
    const error = await failureOf(clientOf(wire).watchQuotes(request));
    expect(error?.code).toBe(Code.InvalidArgument);
    expect(error?.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe(field);
    expect(world.hub.subscriberCount).toBe(0);
  });

  test.each([
    ["from the future", { epoch: 5n, seq: 1_000_000n }, CursorProblem.AHEAD],
    ["of another epoch", { epoch: 4n, seq: 1n }, CursorProblem.OTHER_EPOCH],
    ["made up", { epoch: 2n ** 64n - 1n, seq: 2n ** 63n - 1n }, CursorProblem.OTHER_EPOCH],
  ])("a cursor %s is OUT_OF_RANGE with the available range", async (_what, cursor, problem) => {
    const position = { case: "resumeAfter", value: cursor } as const;
    const error = await failureOf(clientOf(wire).watchQuotes({ symbols: ["*"], position }));
    expect(error?.code).toBe(Code.OutOfRange);
    expect(error?.findDetails(CursorOutOfRangeSchema)).toMatchObject([
      { requested: cursor, problem, oldest: { epoch: 5n, seq: 0n }, newest: { epoch: 5n } },
    ]);
  });

  test("GetQuote returns a quote, or NOT_FOUND", async () => {
    const client = clientOf(wire);
    expect((await client.getQuote({ symbol: "S01" })).quote).toMatchObject({ symbol: "S01" });
    expect((await failureOf(client.getQuote({ symbol: "X" })))?.code).toBe(Code.NotFound);
    expect((await failureOf(client.getQuote({ symbol: "" })))?.code).toBe(Code.InvalidArgument);
  });

  test("a command for an unknown stream, or an empty command, fails without side effects", async () => {
    const client = clientOf(wire);
    const streamId = "00000000-0000-4000-8000-000000000000";
    const ping: Command = { command: { case: "ping", value: {} } };
    expect((await failureOf(client.updateWatch({ streamId, command: ping })))?.code).toBe(Code.NotFound);
    expect((await failureOf(client.updateWatch({ streamId })))?.code).toBe(Code.InvalidArgument);
    expect((await failureOf(client.updateWatch({ streamId, command: {} })))?.code).toBe(Code.InvalidArgument);
    expect((await failureOf(client.updateWatch({ streamId: "", command: ping })))?.code).toBe(Code.InvalidArgument);
  });

  test("pauses of 10 s in each mode match the log", async () => {
    const client = clientOf(wire);
    const { newestSeq } = world.hub.log;
    const cut = new AbortController();
    const events: string[] = [];
    const received: { quote: Quote; phase: QuotePhase }[] = [];
    const skipped: number[] = [];
    const last = { conflating: "S02", replaying: "S03", free: "S04" };
    const all = Object.values(last);
    let streamId = "";

    async function tenSeconds() {
      for (let passed = 0; passed < 100; passed++) {
        world.time.advance(100);
        world.publish(...all);
      }
    }

    async function act() {
      const update = async (change: Command) => {
        const { result } = await client.updateWatch({ streamId, command: change });
        skipped.push(...(result?.subscriptions ?? []).map((each) => Number(each.skipped)));
      };
      await update(pause(CONFLATE, last.conflating));
      await update(pause(REPLAY, last.replaying));
      await tenSeconds();
      await expect.poll(() => received.some(({ quote }) => quote.seq === BigInt(newestSeq + 300))).toBe(true);
      expect(received.filter(({ quote }) => quote.symbol !== last.free && quote.seq > newestSeq)).toEqual([]);
      await update(resume(...all));
    }

    for await (const { event, quotes, phase } of client.watchQuotes({ symbols: all }, { signal: cut.signal })) {
      if (event.case === "started") streamId = event.value.streamId;
      if (event.case !== undefined) events.push(event.case);
      received.push(...quotes.map((quote) => ({ quote, phase })));
      if (event.case === "caughtUp" && events.filter((each) => each === "caughtUp").length === 1) void act();
      const newest = new Map(received.map(({ quote }) => [quote.symbol, Number(quote.seq)]));
      if (newest.get(last.conflating) === newestSeq + 298 && newest.get(last.replaying) === newestSeq + 299) break;
    }
    cut.abort();

    expect(skipped).toEqual([0, 0, 99, 0, 0]);
    const live = received.filter(({ phase }) => phase !== QuotePhase.SNAPSHOT);
    const logged = world.hub.log.read(newestSeq, 300).map(({ quote }) => quote);
    const ofSymbol = (symbol: string) => live.filter(({ quote }) => quote.symbol === symbol);
    expect(ofSymbol(last.conflating)).toMatchObject([
      { phase: QuotePhase.LIVE, quote: { seq: BigInt(newestSeq + 298) } },
    ]);
    expect(ofSymbol(last.replaying).every(({ phase }) => phase === QuotePhase.REPLAY)).toBe(true);
    expect(ofSymbol(last.replaying).map(({ quote }) => quote.seq)).toEqual(
      logged.filter(({ symbol }) => symbol === last.replaying).map(({ seq }) => seq),
    );
  });
});

describe.each(duplexWires)("StreamQuotes over $name", (wire) => {
  async function read(
    updates: AsyncIterable<{ update?: WatchQuotesResponse | undefined }>,
    until: (update: WatchQuotesResponse) => boolean,
  ) {
    const seen: WatchQuotesResponse[] = [];
    for await (const { update } of updates) {
      if (update === undefined) continue;
      seen.push(update);
      if (until(update)) break;
    }
    return seen;
  }

  test("quotes arrive while the client sends nothing, and after it has half-closed the stream", async () => {
    const requests = openRequests(start({ symbols: ["S10"] }));
    const cut = new AbortController();
    let rounds = 0;
    const updates = clientOf(wire).streamQuotes(requests, { signal: cut.signal });
    await read(updates, ({ event, quotes, phase }) => {
      if (event.case !== "caughtUp" && (quotes.length === 0 || phase !== QuotePhase.LIVE)) return false;
      rounds++;
      if (rounds === 3) requests.close();
      world.publish("S10");
      return rounds === 6;
    });
    cut.abort();
    expect(rounds).toBe(6);
  });

  test("a burst of 10,000 subscribe and unsubscribe commands has all results in order", {
    tags: ["slow"],
    timeout: 30_000,
  }, async () => {
    const requests = openRequests(start({ symbols: ["S00"] }));
    for (let id = 1; id <= 10_000; id++) {
      const named = { symbols: [symbols[(id >> 1) % 50] ?? ""] };
      const change =
        id % 2 === 0
          ? ({ case: "unsubscribe", value: named } as const)
          : ({ case: "subscribe", value: named } as const);
      requests.push(command({ id: BigInt(id), command: change }));
    }
    requests.push(command({ id: 10_001n, command: { case: "listSubscriptions", value: {} } }));
    const cut = new AbortController();
    const seen = await read(
      clientOf(wire).streamQuotes(requests, { signal: cut.signal }),
      ({ event }) => event.case === "commandResult" && event.value.id === 10_001n,
    );
    cut.abort();
    const results = seen.flatMap(({ event }) => (event.case === "commandResult" ? [event.value] : []));
    expect(results.map(({ id }) => Number(id))).toEqual(Array.from({ length: 10_001 }, (_, at) => at + 1));
    await expect.poll(() => world.hub.subscriberCount).toBe(0);
  });

  const bad: [string, StreamRequest[], string][] = [
    ["no request", [], "request: the first request"],
    ["a command first", [command({ command: { case: "ping", value: {} } })], "request: the first request"],
    ["a second start", [start({ symbols: ["*"] }), start({ symbols: ["*"] })], "request: the stream has started"],
    ["a request without either", [start({ symbols: ["*"] }), {}], "request"],
    ["a command without symbols", [start({ symbols: ["*"] }), command(subscribe(1))], "symbols"],
    [
      "a rate of a million",
      [start({ symbols: ["*"] }), command({ command: { case: "setRate", value: { symbols: ["*"], maxRate: 1e6 } } })],
      "max_rate",
    ],
  ];
  test.each(bad)("%s ends the stream with INVALID_ARGUMENT", async (_what, requests, message) => {
    const open = openRequests(...requests);
    if (requests.length === 0) open.close();
    const error = await failureOf(clientOf(wire).streamQuotes(open));
    expect(error?.code).toBe(Code.InvalidArgument);
    expect(error?.rawMessage).toContain(message);
    await expect.poll(() => world.hub.subscriberCount).toBe(0);
  });

  test("UpdateWatch controls the stream until it ends", async () => {
    const client = clientOf(wire);
    const requests = openRequests(start({ symbols: ["S20"] }));
    const cut = new AbortController();
    let streamId = "";
    for await (const { update } of client.streamQuotes(requests, { signal: cut.signal })) {
      if (update?.event.case === "started") streamId = update.event.value.streamId;
      if (update?.event.case !== "caughtUp") continue;
      const { result } = await client.updateWatch({ streamId, command: subscribe(1, "S21", "X") });
      const statuses = result?.subscriptions.map(({ status }) => status);
      expect(statuses).toEqual([SubscriptionStatus.ACCEPTED, SubscriptionStatus.UNKNOWN_SYMBOL]);
      break;
    }
    cut.abort();
    const gone = async () => (await failureOf(client.updateWatch({ streamId, command: subscribe(2, "S21") })))?.code;
    await expect.poll(gone).toBe(Code.NotFound);
  });
});
