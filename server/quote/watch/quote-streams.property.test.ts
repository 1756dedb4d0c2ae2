import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CursorProblem, InstrumentSchema, PauseMode, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesRequestSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { DomainError } from "../../shared/domain-error.ts";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import { QuoteHub } from "../hub/quote-hub.ts";
import { MemoryQuoteLog } from "../log/memory-quote-log.ts";
import { CursorOutOfRangeError } from "../quote-errors.ts";
import { type ModelQuote, type Received, StreamModel } from "../testing/stream-model.ts";
import { QuoteWatch } from "./quote-watch.ts";

const { CONFLATE, DISCONNECT } = SlowReaderPolicy;
const symbols = ["A", "B", "C", "D"];
const heartbeatMillis = 1_000;
/** Limits so small that readers fall behind the log, and lossless readers fail. */
const maxLogged = 40;
const maxWaiting = 25;

const reader = fc.nat(3);
const named = fc.oneof(fc.subarray([...symbols, "UNKNOWN"], { minLength: 1 }), fc.constant(["*"]));
const known = fc.oneof(fc.subarray(symbols, { minLength: 1 }), fc.constant(symbols));
const rate = fc.constantFrom(undefined, 0.5, 1, 10);
const policy = fc.constantFrom(CONFLATE, DISCONNECT);

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      symbols: fc.array(fc.constantFrom(...symbols), { maxLength: 20 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("read" as const), reader, times: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("pass" as const), millis: fc.constantFrom(1, 50, 100, 700, 2_500) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("break" as const),
      reader,
      arrived: fc.boolean(),
      reset: fc.boolean(),
      policy,
      rate,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("subscribe" as const),
      reader,
      symbols: fc.subarray([...symbols, "UNKNOWN"], { minLength: 1 }),
      rate,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("unsubscribe" as const), reader, symbols: known }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("pause" as const),
      reader,
      symbols: named,
      mode: fc.constantFrom(PauseMode.CONFLATE, PauseMode.REPLAY),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("resume" as const), reader, symbols: named }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("setRate" as const), reader, symbols: named, rate }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("settle" as const), reader }) },
  { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A client that reconnects when its stream ends. */
interface Client {
  stream: StreamModel;
  readonly symbols: readonly string[];
}

/** A server, its clients, and a plain model of its log. */
class World {
  readonly #time = new ManualTime();
  #epoch = 0n;
  #hub = this.#newHub();
  #log: ModelQuote[] = [];
  readonly #clients: Client[];

  constructor(policies: readonly SlowReaderPolicy[]) {
    this.#clients = policies.map((each) => ({ stream: this.#open({ symbols, policy: each }), symbols }));
  }

  do(each: Step): void {
    if (each.do === "publish") this.#publish(each.symbols);
    else if (each.do === "pass") this.#time.advance(each.millis);
    else if (each.do === "restart") this.#restart();
    else this.#doTo(each);
  }

  /** All clients read to the end. */
  end(): void {
    for (const [at] of this.#clients.entries()) this.#doTo({ do: "settle", reader: at });
  }

  #doTo(each: Exclude<Step, { do: "publish" | "pass" | "restart" }>): void {
    const client = this.#clients[each.reader];
    if (client === undefined) return;
    const { stream } = client;
    try {
      switch (each.do) {
        case "read":
          for (let times = 0; times < each.times; times++) stream.read();
          break;
        case "break":
          this.#reconnect(client, stream.break(each.arrived), each);
          break;
        case "subscribe":
          stream.subscribe(each.symbols, each.rate);
          break;
        case "unsubscribe":
          stream.unsubscribe(each.symbols);
          break;
        case "pause":
          stream.pause(each.symbols, each.mode);
          break;
        case "resume":
          stream.resume(each.symbols);
          break;
        case "setRate":
          stream.setRate(each.symbols, each.rate);
          break;
        case "settle":
          stream.settle(() => this.#time.advance(heartbeatMillis));
          break;
      }
    } catch (error) {
      if (!(error instanceof DomainError || error instanceof LimitError)) throw error;
      // The reader was too slow.
      this.#reconnect(client, stream.break(false), { reset: true, policy: DISCONNECT, rate: undefined });
    }
  }

  #reconnect(
    client: Client,
    after: number,
    { reset, policy: each, rate: maxRate }: { reset: boolean; policy: SlowReaderPolicy; rate: number | undefined },
    epoch = this.#epoch,
  ): void {
    const { received } = client.stream;
    const request = { symbols: client.symbols, policy: each, maxRate };
    const problem = this.#problemOf(epoch, after);
    if (problem === undefined) {
      client.stream = this.#open({ ...request, after, received });
    } else if (reset) {
      client.stream = this.#open({ ...request, after, epoch, problem });
    } else {
      expect(() => this.#open({ ...request, after, epoch, refused: true })).toThrow(CursorOutOfRangeError);
      client.stream = this.#open(request);
    }
  }

  #problemOf(epoch: bigint, after: number): CursorProblem | undefined {
    if (epoch !== this.#epoch) return CursorProblem.OTHER_EPOCH;
    return after < this.#log.length - maxLogged ? CursorProblem.TOO_OLD : undefined;
  }

  #open(options: {
    readonly symbols: readonly string[];
    readonly policy: SlowReaderPolicy;
    readonly maxRate?: number | undefined;
    readonly after?: number;
    readonly epoch?: bigint;
    readonly received?: Received;
    readonly problem?: CursorProblem;
    readonly refused?: boolean;
  }): StreamModel {
    const { after, epoch = this.#epoch, problem, received = new Map(), policy: each, maxRate } = options;
    const position =
      after === undefined
        ? ({ case: undefined } as const)
        : ({ case: "resumeAfter", value: { epoch, seq: BigInt(after) } } as const);
    const watch = new QuoteWatch({
      hub: this.#hub,
      request: create(WatchQuotesRequestSchema, {
        symbols: [...options.symbols],
        slowReaderPolicy: each,
        position,
        resetIfOutOfRange: options.refused !== true,
        ...(maxRate !== undefined && { maxRate }),
      }),
      streamId: "stream",
      heartbeatMillis,
      signal: new AbortController().signal,
    });
    const model = {
      watch,
      policy: each,
      maxRate: maxRate ?? 0,
      log: this.#log,
      now: () => this.#time.timers.now(),
      after: problem === undefined ? after : undefined,
    };
    expect(watch.next()?.event.case).toBe("started");
    if (problem !== undefined)
      expect(watch.next()?.event).toMatchObject({ case: "reset", value: { cause: { problem } } });
    return new StreamModel(model, options.symbols, received);
  }

  #publish(published: readonly string[]): void {
    for (const symbol of published) {
      const instrumentSeq = this.#log.filter((quote) => quote.symbol === symbol).length + 1;
      this.#log.push({ seq: this.#log.length + 1, symbol, instrumentSeq });
    }
    this.#hub.publish(published.map((symbol) => ({ symbol, sourceTime: someMonday, last: 1 })));
  }

  /** The server restarts with another epoch and an empty log. */
  #restart(): void {
    const cursors = this.#clients.map(({ stream }) => stream.break(true));
    const epoch = this.#epoch;
    this.#epoch++;
    this.#log = [];
    this.#hub = this.#newHub();
    for (const [at, client] of this.#clients.entries()) {
      this.#reconnect(client, cursors[at] ?? 0, { reset: at % 2 === 0, policy: CONFLATE, rate: undefined }, epoch);
    }
  }

  #newHub(): QuoteHub {
    const instruments = symbols.map((symbol) => create(InstrumentSchema, { symbol }));
    const log = new MemoryQuoteLog({ maxQuotes: maxLogged });
    const { now, timers } = this.#time;
    return new QuoteHub({ epoch: this.#epoch, now, timers, instruments, log, maxWaiting });
  }
}

describe("for any sequence of events, streams of quotes", () => {
  it("count every skipped quote, send nothing twice or out of order, and have no cursor beyond a quote that was neither sent nor skipped", () => {
    fc.assert(
      fc.property(
        fc.array(policy, { minLength: 1, maxLength: 4 }),
        fc.array(step, { maxLength: 100, size: "max" }),
        (policies, all) => {
          const world = new World(policies);
          for (const each of all) world.do(each);
          world.end();
        },
      ),
      { numRuns: 500 },
    );
  });
});
