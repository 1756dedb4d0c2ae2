import { inspect } from "node:util";
import { clone, create, equals, fromBinary, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { ListValueSchema, StructSchema, type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { type Quote, QuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesResponseSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { ByteSink } from "./byte-sink.ts";
import { messageEncoder } from "./message-encoder.ts";
import { keepCopy, share } from "./shared-message.ts";

describe("share", () => {
  test("returns the same object, twice too", () => {
    const quote = newQuote();
    expect(share(quote)).toBe(quote);
    expect(share(quote)).toBe(quote);
  });

  test("encodes a message once, and copies its bytes from then on", () => {
    const { quote, reads } = countedQuote();
    share(quote);
    const first = encode(QuoteSchema, quote);
    expect(encode(QuoteSchema, quote)).toEqual(first);
    expect(first).toEqual(Buffer.from(toBinary(QuoteSchema, newQuote())));
    expect(reads()).toBe(1);
  });

  test("works for messages in lists, in any order of encoding", () => {
    const { quote, reads } = countedQuote();
    share(quote);
    const response = create(WatchQuotesResponseSchema, { quotes: [quote, newQuote(), quote] });
    const plain = create(WatchQuotesResponseSchema, { quotes: [newQuote(), newQuote(), newQuote()] });
    const bytes = Buffer.from(toBinary(WatchQuotesResponseSchema, plain));
    expect(encode(WatchQuotesResponseSchema, response)).toEqual(bytes);
    expect(encode(WatchQuotesResponseSchema, response)).toEqual(bytes);
    expect(encode(QuoteSchema, quote)).toEqual(Buffer.from(toBinary(QuoteSchema, newQuote())));
    expect(reads()).toBe(1);
  });

  test.each([0, 10, 200, 20_000])(
    "encodes messages in maps, oneofs and other shared messages, with %i bytes",
    (length) => {
      const tree = (each: <T extends Message>(message: T) => T) => {
        const leaf: Value = each(create(ValueSchema, { kind: { case: "stringValue", value: "x".repeat(length) } }));
        const list = each(create(ListValueSchema, { values: [leaf, leaf] }));
        const inOneof = each(create(ValueSchema, { kind: { case: "listValue", value: list } }));
        return create(StructSchema, { fields: { a: leaf, b: inOneof, c: inOneof } });
      };
      const shared = tree(share);
      const bytes = Buffer.from(
        toBinary(
          StructSchema,
          tree((message) => message),
        ),
      );
      expect(encode(StructSchema, shared)).toEqual(bytes);
      expect(encode(StructSchema, shared)).toEqual(bytes);
    },
  );

  test("leaves no visible mark", () => {
    const quote = newQuote();
    const shared = share(newQuote());
    encode(QuoteSchema, shared);
    expect(toBinary(QuoteSchema, shared)).toEqual(toBinary(QuoteSchema, quote));
    expect(toJsonString(QuoteSchema, shared)).toBe(toJsonString(QuoteSchema, quote));
    expect(JSON.stringify(shared.bid)).toBe(JSON.stringify(quote.bid));
    expect(inspect(shared)).toBe(inspect(quote));
    expect(Object.keys(shared)).toEqual(Object.keys(quote));
    expect(equals(QuoteSchema, shared, quote)).toBe(true);
  });

  test("does not affect copies of a message", () => {
    const shared = share(newQuote());
    encode(QuoteSchema, shared);
    for (const copy of [
      { ...shared },
      clone(QuoteSchema, shared),
      structuredClone(shared),
      Object.assign({}, shared),
    ]) {
      expect(fromBinary(QuoteSchema, encode(QuoteSchema, Object.assign(copy, { symbol: "OTHER" }))).symbol).toBe(
        "OTHER",
      );
    }
  });

  test("stores nothing of a message that cannot be encoded", () => {
    const quote = share(newQuote());
    quote.bidSize = 2n ** 63n;
    const sink = new ByteSink(0);
    expect(() => messageEncoder(QuoteSchema)(quote, sink)).toThrow(/bid_size/);
    expect(() => messageEncoder(QuoteSchema)(quote, sink)).toThrow(/bid_size/);
  });

  test("refuses a message of another type", () => {
    const value = share(create(ValueSchema));
    encode(ValueSchema, value);
    expect(() => encode(QuoteSchema, value)).toThrow("cannot use field bourse.quote.v1.Quote.symbol with message");
  });

  test("works for a message that is frozen afterwards", () => {
    const quote = Object.freeze(share(newQuote()));
    expect(encode(QuoteSchema, quote)).toEqual(encode(QuoteSchema, newQuote()));
    expect(encode(QuoteSchema, quote)).toEqual(encode(QuoteSchema, newQuote()));
    expect(() => share(Object.freeze(newQuote()))).toThrow(TypeError);
  });
});

function newQuote(): Quote {
  return create(QuoteSchema, { symbol: "ACME", bid: 1.5, bidSize: 7n, sourceTime: { nanos: 1000 }, seq: 3n });
}

/** A quote that counts its reads. */
function countedQuote(): { quote: Quote; reads: () => number } {
  let reads = 0;
  const quote = newQuote();
  const get = () => {
    reads++;
    return "ACME";
  };
  Object.defineProperty(quote, "symbol", { get, enumerable: true });
  return { quote, reads: () => reads };
}

function encode(desc: Parameters<typeof messageEncoder>[0], message: Message): Buffer {
  const sink = new ByteSink(4);
  messageEncoder(desc)(message, sink);
  return Buffer.from(sink.buffer.subarray(0, sink.position));
}

describe("keepCopy", () => {
  test("returns copies that do not change, of any length", () => {
    const original = new Uint8Array(5_000);
    const lengths = Array.from({ length: 600 }, (_, i) => (i * 37) % 700);
    const copies = [...lengths, 5_000].map((length, i) => keepCopy(original.subarray(0, length).fill(i % 251)));
    original.fill(255);
    for (const [i, copy] of copies.entries()) {
      expect(copy).toEqual(new Uint8Array(lengths[i] ?? 5_000).fill(i % 251));
    }
  });
});
