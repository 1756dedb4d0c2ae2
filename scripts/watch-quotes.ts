import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command, InvalidArgumentError } from "commander";
import { type Quote, QuotePhase, SubscriptionStatus } from "../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { runScript } from "./run-script.ts";

const command = new Command("npm run watch-quotes --")
  .description("Prints live quotes, a line each.")
  .argument("[symbols...]", "what to watch; none: everything")
  .addOption(addressOption())
  .option("--count <n>", "end after so many quotes", wholeNumber)
  .parse();
const { address, count = Number.POSITIVE_INFINITY } = command.opts<{ address: string; count?: number }>();

await runScript(address, async (signal) => {
  const client = createClient(QuoteService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  const onHeader = (header: Headers) => console.log(`stream ${header.get("bourse-stream-id")}`);
  let left = count;
  for await (const { event, phase, quotes } of client.watchQuotes({ symbols: command.args }, { signal, onHeader })) {
    if (event.case === "started") {
      for (const { symbol, status } of event.value.subscriptions) {
        if (status !== SubscriptionStatus.ACCEPTED) console.log(`there is no instrument ${symbol}`);
      }
    }
    for (const quote of quotes.slice(0, left)) console.log(line(phase, quote));
    left -= quotes.length;
    if (left <= 0) return;
  }
});

function line(phase: QuotePhase, { symbol, bid, ask, last, volume, sourceTime }: Quote): string {
  const kind = phase === QuotePhase.SNAPSHOT ? "snapshot" : "live";
  const seconds = new Date(Number(sourceTime?.seconds ?? 0n) * 1000).toISOString().slice(11, 19);
  const micros = String(Math.trunc((sourceTime?.nanos ?? 0) / 1000)).padStart(6, "0");
  const prices = `bid ${price(bid)}  ask ${price(ask)}  last ${price(last)}`;
  return `${kind.padEnd(8)}  ${symbol.padEnd(8)}  ${prices}  volume ${String(volume ?? "-").padStart(11)}  ${seconds}.${micros}`;
}

function price(value: number | undefined): string {
  return (value?.toFixed(4) ?? "-").padStart(11);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("a whole number from 1 is needed");
  return Number(text);
}
