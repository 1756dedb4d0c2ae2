import { expect, test } from "vitest";
import { maxUnsavedCandles } from "../../server/quote/candle-book.ts";
import { maxWaitingQuotes } from "../../server/quote/lossless-queue.ts";
import { maxLoggedQuotes, maxLoggedSeconds } from "../../server/quote/memory-quote-log.ts";
import { maxRejections } from "../../server/quote/publish-quotes.ts";
import { maxInstruments } from "../../server/quote/quote-feed.ts";
import { maxSubscribers, maxSubscriptions } from "../../server/quote/quote-hub.ts";
import {
  maxQuotesInResponse,
  maxStartResultSymbols,
  maxWaitingResultSymbols,
  maxWaitingResults,
} from "../../server/quote/quote-watch.ts";
import { maxSubscriptionsPerStream } from "../../server/quote/watch-commands.ts";
import { settings } from "../../server/settings.ts";
import { limitTable } from "../../server/transport/limits.ts";
import { maxProducts, pageSize } from "../../web/src/features/catalogue/product-search.ts";
import { maxRows, maxTextBytes } from "../../web/src/features/orders/order-store.ts";

/** The limits that can be set when the server starts, by the flags that set them. */
const flags: Partial<Record<keyof typeof limitTable, keyof typeof settings>> = {
  readMaxBytes: "max-receive",
  writeMaxBytes: "max-send",
  maxConnections: "max-connections",
};

const ofQuotes = [
  ["maxSubscribers", maxSubscribers, "streams of quotes", "RESOURCE_EXHAUSTED"],
  [
    "maxWaitingQuotes",
    maxWaitingQuotes,
    "quotes that wait for a reader with the policy DISCONNECT",
    "RESOURCE_EXHAUSTED, with the place to go on from in `bourse-cursor`",
  ],
  [
    "maxSubscriptionsPerStream",
    maxSubscriptionsPerStream,
    "symbols that one stream subscribes to",
    "TOO_MANY for each further symbol",
  ],
  [
    "maxSubscriptions",
    maxSubscriptions,
    "symbols that all streams together subscribe to",
    "TOO_MANY for each further symbol",
  ],
  [
    "maxWaitingResults",
    maxWaitingResults,
    "answers to commands that wait for the reader of a stream",
    "UpdateWatch: RESOURCE_EXHAUSTED; StreamQuotes: the client has to wait",
  ],
  [
    "maxWaitingResultSymbols",
    maxWaitingResultSymbols,
    "symbols of those answers, before a further command is taken",
    "the same",
  ],
  [
    "maxStartResultSymbols",
    maxStartResultSymbols,
    "symbols in the answers to the commands of a request",
    "INVALID_ARGUMENT",
  ],
  [
    "maxLoggedQuotes",
    maxLoggedQuotes,
    "quotes that the log holds, and so what a stream can be resumed from",
    "OUT_OF_RANGE with what there is",
  ],
  ["maxLoggedSeconds", maxLoggedSeconds, "how long the log holds a quote, in seconds", "the same"],
  ["maxQuotesInResponse", maxQuotesInResponse, "quotes in one response", "the others follow in the next"],
  [
    "maxInstruments",
    maxInstruments,
    "instruments of all feeds and of `--instruments` together, and symbols of a request",
    "the server does not start; INVALID_ARGUMENT",
  ],
  ["maxRejections", maxRejections, "refused quotes that PublishQuotes tells of", "further ones are only counted"],
  [
    "maxUnsavedCandles",
    maxUnsavedCandles,
    "complete candles that wait in memory where they cannot be stored",
    "further ones are missing",
  ],
] as const;

const ofDashboard = [
  ["maxRows", maxRows, "orders that the page keeps, of 60 bytes each", "the export ends, and the page says so"],
  ["maxTextBytes", maxTextBytes, "distinct texts of those orders", "the same"],
  ["pageSize", pageSize, "products that a search shows at a time", "the others follow when they are asked for"],
  ["maxProducts", maxProducts, "products that a search shows", "the page says that the search is to be narrowed"],
] as const;

// `vitest run test/docs -u` writes the page anew.
test("docs/limits.md tells the limits as they are in the code", async () => {
  await expect(page()).toMatchFileSnapshot("../../docs/limits.md");
});

test("what can be set has the default that the table tells", () => {
  for (const [name, flag] of Object.entries(flags)) {
    const { fallback } = settings[flag] as { fallback?: string };
    expect(fallback).toBe(String(limitTable[name as keyof typeof limitTable].value));
  }
});

function page(): string {
  const transport = Object.entries(limitTable).map(([name, { value, bounds, beyond }]) => {
    const flag = flags[name as keyof typeof limitTable];
    const setting = flag === undefined ? "" : `\`--${flag}\`, \`${settings[flag].variable}\``;
    return row([`\`${name}\``, number(value), bounds, setting, beyond]);
  });
  const quotes = ofQuotes.map(([name, value, bounds, beyond]) => row([`\`${name}\``, number(value), bounds, beyond]));
  const dashboard = ofDashboard.map(([name, value, bounds, beyond]) =>
    row([`\`${name}\``, number(value), bounds, beyond]),
  );
  return `# Limits

Nothing that a client can make the server hold, send or wait for is without a limit. Names that end in Bytes are in bytes, in Ms in milliseconds.

## The wire

From \`server/transport/limits.ts\`. Who uses the transport for services of their own sets any of them with the option \`limits\` of \`startTransportServer\`; for Bourse the flags and variables named here do.

| Limit | Default | What it bounds | Setting | What a client gets beyond it |
| --- | --- | --- | --- | --- |
${transport.join("\n")}

## Quotes

| Limit | Value | What it bounds | What a client gets beyond it |
| --- | --- | --- | --- |
${quotes.join("\n")}

## The dashboard

| Limit | Value | What it bounds | What happens beyond it |
| --- | --- | --- | --- |
${dashboard.join("\n")}

Fields of requests have limits of their own, which stand beside them in the [protos](../proto/bourse). A request that breaks one gets INVALID_ARGUMENT with a \`google.rpc.BadRequest\` that names the field.
`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
