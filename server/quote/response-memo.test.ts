import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Quote, QuoteSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesResponseSchema } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { ResponseMemo } from "./response-memo.ts";

const [a, b, c] = [1n, 2n, 3n].map((seq) => create(QuoteSchema, { symbol: "ACME", seq })) as [Quote, Quote, Quote];
const make = (quotes: Quote[]) => () => create(WatchQuotesResponseSchema, { quotes });

test("the same quotes at the same place get the same response", () => {
  const memo = new ResponseMemo();
  const first = memo.responseFor([a, b], 2n, make([a, b]));
  expect(memo.responseFor([a, b], 2n, make([a, b]))).toBe(first);
});

test("other quotes, or another place, get one of their own", () => {
  const memo = new ResponseMemo();
  const first = memo.responseFor([a, b], 2n, make([a, b]));
  expect(memo.responseFor([b], 2n, make([b]))).not.toBe(first);
  expect(memo.responseFor([a, b], 3n, make([a, b]))).not.toBe(first);
  expect(memo.responseFor([c, b], 2n, make([c, b])).quotes).toEqual([c, b]);
});
