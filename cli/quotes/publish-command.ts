import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { type TickColumnMapping, tickFields } from "../../client/quote/tick-csv-columns.ts";
import { groupAvailableItems } from "../../client/shared/group-available-items.ts";
import { type PublishQuotesRequestSchema, QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { columnsOption } from "../shared/option-parsers.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { splitLines } from "../shared/split-lines.ts";
import { printError } from "../shared/terminal-output.ts";
import { insertIdleMarkers } from "./insert-idle-markers.ts";
import { QuoteRowParser } from "./quote-row-parser.ts";

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

interface Options extends ServerOptions {
  readonly symbol?: string;
  readonly columns?: TickColumnMapping;
  readonly allowRejected?: true;
}

/** `bourse publish`: publishes the quotes of a file or a pipe. */
export function publishCommand(): BourseCommand {
  return serverCommand("publish", {
    description: "Publishes the quotes of a CSV file, and prints the ones that the server rejected.",
    examples: [
      ["bourse publish test/data/quotes/gold.csv", "a file; the symbol is GOLD"],
      ["bourse publish ticks.csv --symbol OIL --columns time=ts,bid=best_bid", "a file with other column names"],
      ["tail -n +1 -f ticks.csv | bourse publish - --symbol OIL", "quotes as they arrive, until Ctrl-C"],
    ],
    exitCodes: {
      0: "all quotes are accepted; also if a signal has ended standard input",
      2: "some quotes were rejected, all others are published",
      130: "SIGINT (Ctrl-C) before the end of a file",
      143: "SIGTERM before the end of a file",
    },
  })
    .argument("<file>", "CSV file of ticks or bars, or - for standard input")
    .option("--symbol <symbol>", "symbol of the quotes if no column has it; default: the name of the file in capitals")
    .addOption(columnsOption(tickFields, "time=ts,bid=best_bid"))
    .option("--allow-rejected", "exit with 0 even if quotes were rejected")
    .action(runCommand<Options>(publish));
}

async function publish({ args, options, signal, print, note }: CommandContext<Options>): Promise<number | undefined> {
  const client = createClient(QuoteService, connectTo(options));
  const quotes = new QuoteInput(args[0] ?? "-", options, signal);
  const call = new AbortController();
  signal.addEventListener("abort", () => setTimeout(() => call.abort(), responseAfterSignalMs).unref());
  const startedAt = performance.now();
  const rate = () => Math.round((quotes.sent * 1000) / Math.max(performance.now() - startedAt, 1));
  const progress = setInterval(
    () => note(`${formatCount(quotes.sent)} quotes sent, ${formatCount(rate())} per second`),
    progressMs,
  );
  let hasRejected: boolean;
  try {
    const answer = await client.publishQuotes(quotes.requests(), { signal: call.signal });
    for (const { index, symbol, message } of answer.rejections.slice(0, maxPrintedRejections)) {
      printError(`quote ${index + 1n} (${symbol}): ${message}`);
    }
    const more = Number(answer.rejected) - maxPrintedRejections;
    if (more > 0) printError(`and ${formatCount(more)} more`);
    const { accepted, rejected } = answer;
    await print(
      options.json
        ? JSON.stringify({ accepted: Number(accepted), rejected: Number(rejected), per_second: rate() })
        : `${accepted} quotes accepted, ${rejected} rejected, ${formatCount(rate())} per second`,
    );
    hasRejected = rejected > 0n && !options.allowRejected;
  } finally {
    clearInterval(progress);
    process.stdin.destroy(); // an open standard input keeps the process alive
  }
  if (quotes.problem !== undefined) throw new Error(quotes.problem);
  if (hasRejected) return exitCodes.rejected;
  return quotes.isComplete ? exitCodes.success : undefined;
}

/** The quotes of a file or of standard input, as requests. */
class QuoteInput {
  /** How many quotes were sent. */
  sent = 0;
  /** Why the input has ended early, with the name of the file. */
  problem: string | undefined;
  /** Whether all quotes of the input were sent. A signal ends standard input, which may have no other end. */
  isComplete = false;
  readonly #file: string;
  readonly #options: Options;
  readonly #signal: AbortSignal;

  /** @param file its path, or `-` for standard input */
  constructor(file: string, options: Options, signal: AbortSignal) {
    this.#file = file;
    this.#options = options;
    this.#signal = signal;
  }

  /** Ends at the end of the file, at the first invalid row, or when the signal aborts. Then the server responds. */
  async *requests(): AsyncGenerator<MessageInitShape<typeof PublishQuotesRequestSchema>> {
    const file = this.#file;
    const input = file === "-" ? process.stdin : createReadStream(file);
    addAbortSignal(this.#signal, input);
    const rows = new QuoteRowParser(file, this.#options.symbol, this.#options.columns);
    try {
      const groups = groupAvailableItems(splitLines(input.setEncoding("utf8")), maxQuotesInRequest, setImmediate);
      for await (const lines of insertIdleMarkers(groups, keepAliveMs)) {
        if (lines === "idle") {
          yield {}; // keeps the call alive
          continue;
        }
        const { quotes, problem } = rows.read(lines);
        this.problem = problem;
        this.sent += quotes.length;
        if (quotes.length > 0) yield { quotes };
        if (problem !== undefined) return;
      }
      this.problem = rows.isEmpty ? `${file} is empty: a header is needed` : undefined;
      this.isComplete = true;
    } catch (error) {
      if (!this.#signal.aborted) this.problem = `${file}: ${(error as Error).message}`;
      else this.isComplete = file === "-";
    }
  }
}

function formatCount(value: number): string {
  return value.toLocaleString("en");
}
