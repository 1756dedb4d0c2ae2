import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Quote, QuotePhase, QuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesResponseSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { maxRememberedResponses, ResponseMemo } from "./response-memo.ts";

const { LIVE, REPLAY } = QuotePhase;
const [a, b, c] = [1n, 2n, 3n].map((seq) => create(QuoteSchema, { symbol: "ACME", seq })) as [Quote, Quote, Quote];

test("a response has the quotes, the phase and the place in the log", () => {
  const made = new ResponseMemo(7n).responseFor([a, b], 2, LIVE);
  expect(made).toEqual(
    create(WatchQuotesResponseSchema, { quotes: [a, b], phase: LIVE, cursor: { epoch: 7n, seq: 2n } }),
  );
});

test("the same quotes at the same place get the same response", () => {
  const memo = new ResponseMemo(7n);
  const first = memo.responseFor([a, b], 2, LIVE);
  expect(memo.responseFor([a, b], 2, LIVE)).toBe(first);
});

test("other quotes, another place, or another phase get one of their own", () => {
  const memo = new ResponseMemo(7n);
  const first = memo.responseFor([a, b], 2, LIVE);
  expect(memo.responseFor([b], 2, LIVE)).not.toBe(first);
  expect(memo.responseFor([a, b], 3, LIVE)).not.toBe(first);
  expect(memo.responseFor([a, b], 2, REPLAY)).not.toBe(first);
  expect(memo.responseFor([c, b], 2, LIVE).quotes).toEqual([c, b]);
});

test("what was asked for long ago is forgotten", () => {
  const memo = new ResponseMemo(7n);
  const first = memo.responseFor([a], 1, LIVE);
  for (let at = 1; at <= maxRememberedResponses; at++) {
    const other = create(QuoteSchema, { symbol: "BETA", seq: 1n + BigInt(at) });
    memo.responseFor([other], 1, LIVE);
  }
  expect(memo.responseFor([a], 1, LIVE)).not.toBe(first);
});
