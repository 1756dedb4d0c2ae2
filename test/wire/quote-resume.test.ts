import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Cursor, type Quote, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { seededRandom } from "../../server/shared/seeded-random.ts";
import { type QuoteServer, startQuoteServer } from "./quote-server.ts";

const symbols = Array.from({ length: 12 }, (_, at) => `S${at}`);
const random = seededRandom(20_260_105);

let world: QuoteServer;

beforeAll(async () => {
  world = await startQuoteServer(symbols);
});

afterAll(() => world.server[Symbol.asyncDispose]());

/** A client that is disconnected repeatedly, and resumes from the last cursor that it received. */
class CutClient {
  readonly symbols: readonly string[];
  readonly received = new Map<string, Quote[]>();
  cursor: Cursor | undefined;
  readonly #sessions: Http2SessionManager;
  readonly #client;

  constructor(
    symbolsOfIt: readonly string[],
    protocol: (options: { baseUrl: string; sessionManager: Http2SessionManager; httpVersion: "2" }) => Transport,
  ) {
    this.symbols = symbolsOfIt;
    this.#sessions = new Http2SessionManager(world.server.url);
    const transport = protocol({ baseUrl: world.server.url, sessionManager: this.#sessions, httpVersion: "2" });
    this.#client = createClient(QuoteService, transport);
  }

  /** Reads until the stream breaks after a number of responses, or until a position is reached. */
  async read(responses: number, until = Number.POSITIVE_INFINITY, killConnection = false): Promise<void> {
    const cut = new AbortController();
    const position = this.cursor && ({ case: "resumeAfter", value: this.cursor } as const);
    const request = {
      symbols: [...this.symbols],
      slowReaderPolicy: SlowReaderPolicy.DISCONNECT,
      position: position ?? ({ case: "fromOldest", value: true } as const),
    };
    let left = responses;
    try {
      for await (const { quotes, cursor } of this.#client.watchQuotes(request, { signal: cut.signal })) {
        for (const quote of quotes) this.#take(quote);
        this.cursor = cursor;
        left--;
        if (left <= 0 || Number(cursor?.seq) >= until) break;
      }
    } catch (error) {
      if (!killConnection) throw error;
    }
    if (killConnection) this.#sessions.abort();
    else cut.abort();
  }

  close(): void {
    this.#sessions.abort();
  }

  /** Ignores a repeated quote, which the server sends if another symbol is behind. A new quote must be the next one. */
  #take(quote: Quote): void {
    const received = this.received.get(quote.symbol) ?? [];
    this.received.set(quote.symbol, received);
    if (quote.instrumentSeq <= received.length) return;
    // Does not use expect, which would take most of the test's time.
    if (quote.instrumentSeq !== BigInt(received.length + 1)) throw new Error(`a gap before ${quote.symbol}`);
    received.push(quote);
  }
}

test("after 1,000 random disconnects each client has received the complete log", () => disconnectAtRandom(1_000));

test(
  "after 10,000 random disconnects each client has received the complete log",
  {
    tags: ["slow"],
    timeout: 120_000,
  },
  () => disconnectAtRandom(10_000),
);

async function disconnectAtRandom(disconnects: number): Promise<void> {
  const published = new Map<string, Quote[]>(symbols.map((symbol) => [symbol, []]));
  let done = 0;
  const clients = Array.from({ length: 20 }, (_, at) => {
    const some = symbols.filter(() => random.uniform() < 0.3);
    const protocol = at % 2 === 0 ? createGrpcTransport : createConnectTransport;
    return new CutClient(some.length > 0 ? some : ["*"], protocol);
  });
  const feed = setInterval(() => {
    const burst = Array.from({ length: random.below(20) }, () => symbols[random.below(symbols.length)] ?? "");
    for (const quote of world.publish(...burst)) published.get(quote.symbol)?.push(quote);
  }, 5);
  onTestFinished(() => clearInterval(feed)); // also after a timeout: the next test counts the quotes
  await Promise.all(
    clients.map(async (client) => {
      while (done < disconnects) {
        done++;
        await client.read(1 + random.below(4), undefined, random.uniform() < 0.05);
      }
    }),
  );
  clearInterval(feed);
  for (const client of clients) {
    await client.read(Number.POSITIVE_INFINITY, world.hub.log.newestSeq);
    const wanted = client.symbols.includes("*") ? symbols : client.symbols;
    const seqsOf = (quotes: readonly Quote[] = []) => quotes.map(({ seq }) => seq);
    for (const symbol of wanted) expect(seqsOf(client.received.get(symbol))).toEqual(seqsOf(published.get(symbol)));
    expect(client.received.size).toBeLessThanOrEqual(wanted.length);
    client.close();
  }
  expect(done).toBeGreaterThanOrEqual(disconnects);
  await expect.poll(() => world.hub.subscriberCount).toBe(0);
}

test("5,000 clients that reconnect at the same time resume without loss", { timeout: 60_000 }, async () => {
  const recent = 300;
  world.publish(...Array.from({ length: recent }, (_, at) => symbols[at % symbols.length] ?? ""));
  const { newestSeq } = world.hub.log;
  const logged = world.hub.log.read(newestSeq - recent, recent);
  const sessions = Array.from({ length: 10 }, () => new Http2SessionManager(world.server.url));
  const clients = sessions.map((sessionManager) =>
    createClient(QuoteService, createGrpcTransport({ baseUrl: world.server.url, sessionManager })),
  );
  const results = await Promise.all(
    Array.from({ length: 5_000 }, async (_, at) => {
      const symbol = symbols[at % symbols.length] ?? "";
      const seq = newestSeq - random.below(recent);
      const cut = new AbortController();
      const position = { case: "resumeAfter", value: { epoch: 5n, seq: BigInt(seq) } } as const;
      const stream = clients[at % clients.length]?.watchQuotes({ symbols: [symbol], position }, { signal: cut.signal });
      const received: Quote[] = [];
      for await (const { quotes, event } of stream ?? []) {
        received.push(...quotes);
        if (event.case === "caughtUp") break;
      }
      cut.abort();
      return { symbol, seq, received: received.map((quote) => Number(quote.seq)) };
    }),
  );
  for (const { symbol, seq, received } of results) {
    const wanted = logged.filter((entry) => entry.seq > seq && entry.quote.symbol === symbol);
    expect(received).toEqual(wanted.map((entry) => entry.seq));
  }
  for (const session of sessions) session.abort();
});
