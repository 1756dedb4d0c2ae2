// Prints the nanoseconds for one message: of toBinary of protobuf-es, and of our encoder with one sink.
import { create, type DescMessage, fromBinary, type Message, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { KeyboardLayout, MemoryUnit, Panel, ProductSchema } from "../gen/bourse/product/v1/product_pb.ts";
import { InstrumentSchema, QuotePhase, QuoteSchema } from "../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesResponseSchema } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { ByteSink } from "../server/transport/encoding/byte-sink.ts";
import { messageEncoder } from "../server/transport/encoding/message-encoder.ts";
import { share } from "../server/transport/encoding/shared-message.ts";

const samples = 64; // different messages of a kind, so that the branch predictor does not learn one
const rounds = 200; // the fastest round is the result, because other load disturbs the others
const roundNs = 500_000;

interface Row {
  readonly name: string;
  readonly desc: DescMessage;
  readonly messages: readonly Message[];
}

const rows: Row[] = [
  rowOf("quote", QuoteSchema, quote),
  rowOf("quote, parsed", QuoteSchema, (i) => fromBinary(QuoteSchema, toBinary(QuoteSchema, quote(i)))),
  rowOf("quote, shared", QuoteSchema, (i) => share(quote(i))),
  rowOf("response of 1 quote", WatchQuotesResponseSchema, () => response(1, quote)),
  rowOf("response of 50 quotes", WatchQuotesResponseSchema, () => response(50, quote)),
  rowOf("response of 50 shared quotes", WatchQuotesResponseSchema, () => response(50, (i) => share(quote(i)))),
  rowOf("product", ProductSchema, laptop),
  rowOf("instrument (five fields)", InstrumentSchema, instrument),
];

// Warms up all types before it measures any, because a server also encodes many types.
for (const row of rows) for (const run of encodersOf(row)) timeOf(row, run);

console.log(`${"".padEnd(30)}${"bytes".padStart(8)}${"toBinary".padStart(12)}${"ours".padStart(10)}`);
for (const row of rows) {
  const bytes = toBinary(row.desc, row.messages[0] as Message).length;
  const [theirs, ours] = encodersOf(row).map((run) => Math.round(timeOf(row, run)));
  console.log(
    `${row.name.padEnd(30)}${bytes.toString().padStart(8)}${`${theirs} ns`.padStart(12)}${`${ours} ns`.padStart(10)}`,
  );
}

function rowOf<Desc extends DescMessage>(name: string, desc: Desc, make: (i: number) => MessageShape<Desc>): Row {
  return { name, desc, messages: Array.from({ length: samples }, (_, i) => make(i)) };
}

function encodersOf({ desc }: Row): ((message: Message) => unknown)[] {
  const sink = new ByteSink(64 * 1024);
  const encode = messageEncoder(desc);
  const ours = (message: Message) => {
    sink.position = 0;
    encode(message, sink);
  };
  return [(message) => toBinary(desc, message), ours];
}

function timeOf({ messages }: Row, run: (message: Message) => unknown): number {
  let fastest = Number.POSITIVE_INFINITY;
  let count = samples;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) run(messages[i % samples] as Message);
    const took = Number(process.hrtime.bigint() - start) / count;
    fastest = Math.min(fastest, took);
    count = Math.max(samples, Math.round(roundNs / took));
  }
  return fastest;
}

function response(count: number, make: typeof quote) {
  const quotes = Array.from({ length: count }, (_, i) => make(i));
  return create(WatchQuotesResponseSchema, {
    quotes,
    phase: QuotePhase.LIVE,
    cursor: { epoch: 2n ** 60n, seq: 123_456_789n },
  });
}

function quote(i: number) {
  const seconds = 1_790_000_000n + BigInt(i);
  return create(QuoteSchema, {
    symbol: `ACME${i}`,
    bid: 101.25 + i,
    ask: 101.5 + i,
    bidSize: 1_200n + BigInt(i),
    askSize: 900n,
    last: 101.3 + i,
    lastSize: 25n,
    volume: 1_234_567n + BigInt(i),
    open: 99.5,
    high: 103.25,
    low: 98.75,
    previousClose: 100.1,
    sourceTime: { seconds, nanos: 123_456_000 },
    seq: 123_456_789n + BigInt(i),
    instrumentSeq: 4_567n + BigInt(i),
  });
}

function instrument(i: number) {
  return create(InstrumentSchema, {
    symbol: `ACME${i}`,
    name: "Acme Corporation",
    currency: "EUR",
    tickSize: 0.01,
    lotSize: 100n,
  });
}

function laptop(i: number) {
  const memory = { value: 16n, unit: MemoryUnit.GIGABYTE };
  const clocks = { minGhz: 2.4, maxGhz: 4.2 + i };
  const time = { seconds: 1_790_000_000n, nanos: i };
  return create(ProductSchema, {
    id: `0d3b2a6e-7d0c-4b52-9c1f-${i.toString(16).padStart(12, "0")}`,
    name: `Laptop ${i}`,
    description: "A laptop with a screen that shows everything and a keyboard that can be heard two rooms away.",
    price: { currencyCode: "EUR", units: 1_299n, nanos: 990_000_000 },
    createTime: time,
    updateTime: time,
    etag: `"${i}"`,
    attributes: {
      case: "laptop",
      value: {
        brand: "Acme",
        cpu: { brand: "Acme", name: "A-1", coreCount: 8, threadCount: 16, ...clocks },
        ram: memory,
        gpus: [{ brand: "Acme", name: "G-1", memory, ...clocks }],
        storages: [{ memory }, { memory }],
        screen: { sizeInch: 14, resolution: { width: 2_560, height: 1_600 }, panel: Panel.OLED, multitouch: true },
        keyboard: { layout: KeyboardLayout.QWERTY, backlit: true },
        weight: { case: "weightKg", value: 1.3 },
        releaseYear: 2_026,
      },
    },
  });
}
