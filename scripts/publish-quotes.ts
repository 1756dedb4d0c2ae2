import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command } from "commander";
import { type ColumnMapping, tickFields } from "../client/quote/tick-columns.ts";
import { groupAvailable } from "../client/shared/group-available.ts";
import { linesOf } from "../client/shared/lines-of.ts";
import { type PublishQuotesRequestSchema, QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { columnsOption } from "./columns-option.ts";
import { QuoteRows } from "./quote-rows.ts";
import { runScript } from "./run-script.ts";
import { withPauses } from "./with-pauses.ts";

/** As many quotes as a request may have. */
const maxQuotesInRequest = 1_000;

/** How many refused quotes are shown; the others are counted. */
const maxShownRejections = 10;

/** How often the progress is told. */
const progressMs = 1_000;

/** How long nothing is sent while a pipe is quiet: far less than the ten minutes that a server allows by default. */
const keepAliveMs = 15_000;

/** How long the server may take to answer when the script was told to end. */
const farewellMs = 5_000;

interface Options {
  readonly address: string;
  readonly symbol?: string;
  readonly columns?: ColumnMapping;
  readonly allowRejected?: true;
}

const command = new Command("npm run publish-quotes --")
  .description("Brings the quotes of a CSV file into the server, and tells which of them it refused.")
  .argument("<file>", "a CSV of ticks or bars, or - for standard input")
  .option("--symbol <symbol>", "the instrument, where no column tells it; default: the file's name in capitals")
  .addOption(columnsOption(tickFields, "time=ts,bid=best_bid"))
  .option("--allow-rejected", "end with exit code 0 though quotes were refused")
  .addOption(addressOption())
  .parse();
const [file = "-"] = command.args;
const { address, symbol, columns: mapping, allowRejected } = command.opts<Options>();

let sent = 0;
let problem: string | undefined;

await runScript(address, async (signal) => {
  const client = createClient(QuoteService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  const call = new AbortController();
  signal.addEventListener("abort", () => setTimeout(() => call.abort(), farewellMs).unref());
  const start = performance.now();
  const rate = () => Math.round((sent * 1000) / Math.max(performance.now() - start, 1)).toLocaleString("en");
  const progress = setInterval(
    () => console.error(`${sent.toLocaleString("en")} quotes sent, ${rate()} a second`),
    progressMs,
  );
  try {
    const answer = await client.publishQuotes(requests(signal), { signal: call.signal });
    for (const { index, symbol: of, message } of answer.rejections.slice(0, maxShownRejections)) {
      console.error(`quote ${index + 1n} (${of}): ${message}`);
    }
    const more = Number(answer.rejected) - maxShownRejections;
    if (more > 0) console.error(`and ${more.toLocaleString("en")} more`);
    console.log(`${answer.accepted} quotes accepted, ${answer.rejected} rejected, ${rate()} a second`);
    if (answer.rejected > 0n && !allowRejected) process.exitCode = 1;
  } finally {
    clearInterval(progress);
    process.stdin.destroy(); // or it would keep the script waiting for input that nobody takes
  }
  if (problem === undefined) return;
  console.error(problem);
  process.exitCode = 1;
});

/** Ends at the end of the file, at the first row that makes no sense, or by the signal: the server then answers. */
async function* requests(signal: AbortSignal): AsyncGenerator<MessageInitShape<typeof PublishQuotesRequestSchema>> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  addAbortSignal(signal, input);
  const rows = new QuoteRows(file, symbol, mapping);
  try {
    const groups = groupAvailable(linesOf(input.setEncoding("utf8")), maxQuotesInRequest, setImmediate);
    for await (const lines of withPauses(groups, keepAliveMs)) {
      if (lines === "pause") {
        yield {}; // the server ends a call on which nothing arrives for minutes
        continue;
      }
      const { quotes, problem: found } = rows.read(lines);
      problem = found;
      sent += quotes.length;
      if (quotes.length > 0) yield { quotes };
      if (found !== undefined) return;
    }
    problem = rows.isEmpty ? `${file}: it is empty: its first row names the columns` : undefined;
  } catch (error) {
    if (!signal.aborted) problem = `${file}: ${(error as Error).message}`;
  }
}
