// Publishes a quote a second until Ctrl-C, or the given number: node scripts/publish-quotes.ts SYMBOL [COUNT]
// The server accepts it for the instruments of its feed, and for those of: npm start -- --instruments SYMBOL
import { setTimeout } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type PublishQuotesRequestSchema, QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";

const baseUrl = process.env.BOURSE_ADDRESS ?? "http://127.0.0.1:8080";
const [symbol, count = "Infinity"] = process.argv.slice(2);
if (symbol === undefined) throw new Error("give a symbol: node scripts/publish-quotes.ts SYMBOL [COUNT]");

const client = createClient(QuoteService, createGrpcTransport({ baseUrl }));
const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());
process.once("SIGTERM", () => interruption.abort());

// The response comes when the client half-closes the stream, which it does when this generator ends.
const { accepted, rejected, rejections } = await client.publishQuotes(quotes(symbol, Number(count)));
console.log("accepted", accepted, "rejected", rejected);
for (const { message } of rejections) console.log("rejected:", message);

async function* quotes(
  symbol: string,
  count: number,
): AsyncGenerator<MessageInitShape<typeof PublishQuotesRequestSchema>> {
  let price = 100;
  for (let sent = 0; sent < count; sent++) {
    if (sent > 0) await setTimeout(1_000, undefined, { signal: interruption.signal }).catch(() => {});
    if (interruption.signal.aborted) return;
    price += Math.round(Math.random() * 20 - 10) / 100;
    const quote = {
      symbol,
      bid: price - 0.01,
      ask: price + 0.01,
      last: price,
      lastSize: 1n,
      sourceTime: timestampNow(),
    };
    yield { quotes: [quote] };
  }
}
