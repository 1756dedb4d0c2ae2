import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command } from "commander";
import { type TickColumnMapping, tickFields } from "../client/quote/tick-csv-columns.ts";
import { groupAvailableItems } from "../client/shared/group-available-items.ts";
import { splitLines } from "../client/shared/split-lines.ts";
import { type PublishQuotesRequestSchema, QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { QuoteRowParser } from "./csv-import/quote-row-parser.ts";
import { addressOption, columnsOption } from "./shared/command-line-options.ts";
import { insertIdleMarkers } from "./shared/insert-idle-markers.ts";
import { runScript } from "./shared/run-script.ts";
import { printError, printLine } from "./shared/terminal-output.ts";

/** The maximum number of quotes in a request. */
const maxQuotesInRequest = 1_000;

/** How many rejected quotes are printed. Further ones are counted. */
const maxPrintedRejections = 10;

/** The interval of progress messages, in milliseconds. */
const progressMs = 1_000;

/**
 * The keep-alive interval while the input is idle, in milliseconds. Then an empty request keeps the call alive. A server ends
 * a call that is idle for ten minutes, by default.
 */
const keepAliveMs = 15_000;

/** How long the server may take to respond after a signal has ended the input, in milliseconds. */
const responseAfterSignalMs = 5_000;

interface Options {
  readonly address: string;
  readonly symbol?: string;
  readonly columns?: TickColumnMapping;
  readonly allowRejected?: true;
}

const command = new Command("npm run publish-quotes --")
  .description("Publishes the quotes of a CSV file, and prints the ones that the server rejected.")
  .argument("<file>", "CSV file of ticks or bars, or - for standard input")
  .option("--symbol <symbol>", "symbol of the quotes if no column has it; default: the name of the file in capitals")
  .addOption(columnsOption(tickFields, "time=ts,bid=best_bid"))
  .option("--allow-rejected", "exit with 0 even if quotes were rejected")
  .addOption(addressOption())
  .parse();
const [file = "-"] = command.args;
const { address, symbol, columns: mapping, allowRejected } = command.opts<Options>();

let sent = 0;
let problem: string | undefined;

await runScript(address, async (signal) => {
  const client = createClient(QuoteService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  const call = new AbortController();
  signal.addEventListener("abort", () => setTimeout(() => call.abort(), responseAfterSignalMs).unref());
  const startedAt = performance.now();
  const rate = () => Math.round((sent * 1000) / Math.max(performance.now() - startedAt, 1)).toLocaleString("en");
  const progress = setInterval(
    () => printError(`${sent.toLocaleString("en")} quotes sent, ${rate()} per second`),
    progressMs,
  );
  try {
    const answer = await client.publishQuotes(requests(signal), { signal: call.signal });
    for (const { index, symbol: rejectedSymbol, message } of answer.rejections.slice(0, maxPrintedRejections)) {
      printError(`quote ${index + 1n} (${rejectedSymbol}): ${message}`);
    }
    const more = Number(answer.rejected) - maxPrintedRejections;
    if (more > 0) printError(`and ${more.toLocaleString("en")} more`);
    printLine(`${answer.accepted} quotes accepted, ${answer.rejected} rejected, ${rate()} per second`);
    if (answer.rejected > 0n && !allowRejected) process.exitCode = 1;
  } finally {
    clearInterval(progress);
    process.stdin.destroy(); // an open standard input keeps the process alive
  }
  if (problem === undefined) return;
  printError(problem);
  process.exitCode = 1;
});

/** Ends at the end of the file, at the first invalid row, or when the signal aborts. Then the server responds. */
async function* requests(signal: AbortSignal): AsyncGenerator<MessageInitShape<typeof PublishQuotesRequestSchema>> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  addAbortSignal(signal, input);
  const rows = new QuoteRowParser(file, symbol, mapping);
  try {
    const groups = groupAvailableItems(splitLines(input.setEncoding("utf8")), maxQuotesInRequest, setImmediate);
    for await (const lines of insertIdleMarkers(groups, keepAliveMs)) {
      if (lines === "idle") {
        yield {}; // keeps the call alive
        continue;
      }
      const { quotes, problem: found } = rows.read(lines);
      problem = found;
      sent += quotes.length;
      if (quotes.length > 0) yield { quotes };
      if (found !== undefined) return;
    }
    problem = rows.isEmpty ? `${file} is empty: a header is needed` : undefined;
  } catch (error) {
    if (!signal.aborted) problem = `${file}: ${(error as Error).message}`;
  }
}
