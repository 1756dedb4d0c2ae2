// Streams the quotes of some instruments until Ctrl-C: node scripts/watch-quotes.ts ACME TEST
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";

const baseUrl = process.env.BOURSE_ADDRESS ?? "http://127.0.0.1:8080";
const symbols = process.argv.length > 2 ? process.argv.slice(2) : ["*"];

const client = createClient(QuoteService, createConnectTransport({ baseUrl, httpVersion: "2" }));
const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());
process.once("SIGTERM", () => interruption.abort());

try {
  for await (const { quotes, event } of client.watchQuotes({ symbols }, { signal: interruption.signal })) {
    if (event.case === "caughtUp") console.log("live");
    for (const { symbol, bid, ask, last } of quotes) console.log(symbol, "bid", bid, "ask", ask, "last", last);
  }
} catch (error) {
  // Cancelling a call is how a client ends a stream. It is reported as an error.
  if (ConnectError.from(error).code !== Code.Canceled) throw error;
}
