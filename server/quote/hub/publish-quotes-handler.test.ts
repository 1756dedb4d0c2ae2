import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { toTimestamp } from "../../../client/shared/micro-time.ts";
import { type Quote, QuoteProblem, QuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import {
  type PublishQuotesRequest,
  PublishQuotesRequestSchema,
} from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { someMonday } from "../../shared/testing/manual-time.ts";
import type { Tick } from "../feed/quote-feed.ts";
import { maxRejections, publishQuotes } from "./publish-quotes-handler.ts";
import { QuoteValidator } from "./quote-validator.ts";

function setUp() {
  const newest = new Map<string, Quote>();
  const batches: (readonly Tick[])[] = [];
  const publish = (ticks: readonly Tick[]) => {
    batches.push(ticks);
    for (const { symbol, last, sourceTime } of ticks) {
      newest.set(symbol, create(QuoteSchema, { symbol, last, sourceTime: toTimestamp(sourceTime) }));
    }
  };
  const validator = new QuoteValidator({
    has: (symbol) => symbol === "A",
    newest: (symbol) => newest.get(symbol),
    now: () => someMonday,
  });
  return { batches, options: { validator, publish } };
}

/** Creates a request with a quote of A for each price. Negative prices are refused. */
function request(...prices: readonly number[]): PublishQuotesRequest {
  const quotes = prices.map((last) => ({ symbol: "A", last, sourceTime: toTimestamp(someMonday) }));
  return create(PublishQuotesRequestSchema, { quotes });
}

describe("publishQuotes", () => {
  it("publishes valid quotes, and returns the index of each other one and the reason", async () => {
    const { options, batches } = setUp();
    const requests = [request(1, -2, 3), request(), request(-4), request(5)];
    const answer = await publishQuotes(ReadableStream.from(requests), options);
    expect(answer).toMatchObject({
      accepted: 3n,
      rejected: 2n,
      rejections: [
        { index: 1n, symbol: "A", problem: QuoteProblem.NEGATIVE, message: "its last is -2, below 0" },
        { index: 3n, symbol: "A", problem: QuoteProblem.NEGATIVE, message: "its last is -4, below 0" },
      ],
    });
    expect(batches.flat().map(({ last }) => last)).toEqual([1, 3, 5]);
  });

  it("publishes each request when it arrives, in one batch, regardless of the end of the call", async () => {
    const { options, batches } = setUp();
    async function* requests() {
      yield request(1, 2);
      expect(batches.map((ticks) => ticks.map(({ last }) => last))).toEqual([[1, 2]]);
      yield request(3);
      throw new Error("the connection broke");
    }
    await expect(publishQuotes(requests(), options)).rejects.toThrow("the connection broke");
    expect(batches).toHaveLength(2);
  });

  it("publishes nothing if no quote is valid", async () => {
    const { options, batches } = setUp();
    await publishQuotes(ReadableStream.from([request(-1)]), options);
    expect(batches).toEqual([]);
  });

  it("refuses quotes that are older than those of another call, or duplicates of them", async () => {
    const { options } = setUp();
    const at = (micros: number) =>
      create(PublishQuotesRequestSchema, {
        quotes: [{ symbol: "A", last: 1, sourceTime: toTimestamp(someMonday + micros) }],
      });
    await publishQuotes(ReadableStream.from([at(5)]), options);
    const { rejections } = await publishQuotes(ReadableStream.from([at(4)]), options);
    expect(rejections[0]?.problem).toBe(QuoteProblem.BACK_IN_TIME);
  });

  it("returns only the first rejected quotes, and counts all", async () => {
    const bad = request(...new Array<number>(700).fill(-1));
    const { rejected, rejections } = await publishQuotes(ReadableStream.from([bad, bad]), setUp().options);
    expect([rejected, rejections.length]).toEqual([1400n, maxRejections]);
    expect(rejections.at(-1)?.index).toBe(999n);
  });
});
