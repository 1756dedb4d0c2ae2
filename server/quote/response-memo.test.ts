import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Quote, QuotePhase, QuoteSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesResponseSchema } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { maxRememberedResponses, ResponseMemo } from "./response-memo.ts";

const { LIVE, REPLAY } = QuotePhase;
const [a, b, c] = [1n, 2n, 3n].map((seq) => create(QuoteSchema, { symbol: "ACME", seq })) as [Quote, Quote, Quote];
const make = (quotes: Quote[]) => () => create(WatchQuotesResponseSchema, { quotes });

test("the same quotes at the same place get the same response", () => {
  const memo = new ResponseMemo();
  const first = memo.responseFor([a, b], 2, LIVE, make([a, b]));
  expect(memo.responseFor([a, b], 2, LIVE, make([a, b]))).toBe(first);
});

test("other quotes, another place, or another phase get one of their own", () => {
  const memo = new ResponseMemo();
  const first = memo.responseFor([a, b], 2, LIVE, make([a, b]));
  expect(memo.responseFor([b], 2, LIVE, make([b]))).not.toBe(first);
  expect(memo.responseFor([a, b], 3, LIVE, make([a, b]))).not.toBe(first);
  expect(memo.responseFor([a, b], 2, REPLAY, make([a, b]))).not.toBe(first);
  expect(memo.responseFor([c, b], 2, LIVE, make([c, b])).quotes).toEqual([c, b]);
});

test("what was asked for long ago is forgotten", () => {
  const memo = new ResponseMemo();
  const first = memo.responseFor([a], 1, LIVE, make([a]));
  for (let at = 1; at <= maxRememberedResponses; at++) {
    const other = create(QuoteSchema, { symbol: "BETA", seq: 1n + BigInt(at) });
    memo.responseFor([other], 1, LIVE, make([other]));
  }
  expect(memo.responseFor([a], 1, LIVE, make([a]))).not.toBe(first);
});
