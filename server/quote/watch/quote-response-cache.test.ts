import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Quote, QuotePhase, QuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesResponseSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { maxCachedResponses, QuoteResponseCache } from "./quote-response-cache.ts";

const { LIVE, REPLAY } = QuotePhase;
const [a, b, c] = [1n, 2n, 3n].map((seq) => create(QuoteSchema, { symbol: "ACME", seq })) as [Quote, Quote, Quote];

test("a response has the quotes, the phase and the cursor", () => {
  const made = new QuoteResponseCache(7n).responseFor([a, b], 2, LIVE);
  expect(made).toEqual(
    create(WatchQuotesResponseSchema, { quotes: [a, b], phase: LIVE, cursor: { epoch: 7n, seq: 2n } }),
  );
});

test("the same quotes with the same cursor share a response", () => {
  const cache = new QuoteResponseCache(7n);
  const first = cache.responseFor([a, b], 2, LIVE);
  expect(cache.responseFor([a, b], 2, LIVE)).toBe(first);
});

test("other quotes, another cursor or another phase get another response", () => {
  const cache = new QuoteResponseCache(7n);
  const first = cache.responseFor([a, b], 2, LIVE);
  expect(cache.responseFor([b], 2, LIVE)).not.toBe(first);
  expect(cache.responseFor([a, b], 3, LIVE)).not.toBe(first);
  expect(cache.responseFor([a, b], 2, REPLAY)).not.toBe(first);
  expect(cache.responseFor([c, b], 2, LIVE).quotes).toEqual([c, b]);
});

test("an old response is evicted", () => {
  const cache = new QuoteResponseCache(7n);
  const first = cache.responseFor([a], 1, LIVE);
  for (let at = 1; at <= maxCachedResponses; at++) {
    const other = create(QuoteSchema, { symbol: "BETA", seq: 1n + BigInt(at) });
    cache.responseFor([other], 1, LIVE);
  }
  expect(cache.responseFor([a], 1, LIVE)).not.toBe(first);
});
