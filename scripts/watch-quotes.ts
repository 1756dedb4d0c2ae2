import { once } from "node:events";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command, InvalidArgumentError, Option } from "commander";
import { watchQuotes } from "../client/quote/watch-quotes.ts";
import type { Gap, WatchState, WatchUpdate } from "../client/quote/watch-update.ts";
import { SlowReaderPolicy, SubscriptionStatus } from "../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { addressOption } from "./shared/command-line-options.ts";
import { formatQuote, formatQuoteJson } from "./shared/format-quote.ts";
import { QuoteScreen } from "./shared/quote-screen.ts";
import { runScript } from "./shared/run-script.ts";
import { formatRetry } from "./shared/script-retry-policy.ts";
import { escapeControls, printError } from "./shared/terminal-output.ts";

interface Options {
  readonly address: string;
  readonly json?: true;
  readonly count?: number;
  readonly fromStart?: true;
  readonly maxRate?: number;
  readonly policy: keyof typeof policies;
}

const policies = { conflate: SlowReaderPolicy.CONFLATE, disconnect: SlowReaderPolicy.DISCONNECT };

const command = new Command("npm run watch-quotes --")
  .description("Prints live quotes: a table on a terminal, lines in a pipe. Reconnects after a failure.")
  .argument("[symbols...]", "symbols to watch; default: all")
  .addOption(addressOption())
  .option("--json", "print an object per line")
  .option("--count <n>", "exit after this many quotes", wholeNumber)
  .option("--from-start", "start with the oldest quote that the server has")
  .option("--max-rate <n>", "at most this many quotes per second of each symbol", rate)
  .addOption(
    new Option("--policy <name>", "policy for quotes that arrive faster than they are read")
      .choices(Object.keys(policies))
      .default("conflate"),
  )
  .parse();
const { address, json, count = Number.POSITIVE_INFINITY, fromStart, maxRate, policy } = command.opts<Options>();

await runScript(address, async (signal) => {
  using screen = json || !process.stdout.isTTY ? undefined : new QuoteScreen(process.stdout);
  const end = new AbortController();
  let isStarted = false;
  const watch = watchQuotes(
    createClient(QuoteService, createConnectTransport({ baseUrl: address, httpVersion: "2" })),
    {
      symbols: command.args.length > 0 ? command.args : ["*"],
      policy: policies[policy],
      from: fromStart ? "oldest" : "snapshot",
      signal: AbortSignal.any([signal, end.signal]),
      onState: (state) => {
        if (state.kind !== "retrying" || isStarted) showState(state);
        else end.abort(state.reason); // the first attempt has failed: the address may be wrong
      },
      ...(maxRate !== undefined && { maxRate }),
    },
  );
  const showState = (state: WatchState) => {
    const text = state.kind === "retrying" ? formatRetry("the stream", state) : state.kind;
    if (screen) screen.status = text;
    else if (state.kind === "retrying") printError(text);
  };
  const write = async (line: string) => {
    if (!process.stdout.write(`${escapeControls(line)}\n`)) await once(process.stdout, "drain", { signal });
  };
  let remaining = count;
  for await (const update of watch) {
    isStarted ||= update.kind === "started";
    if (update.kind === "started" && !json && !screen) await write(`stream ${update.streamId}`);
    if (update.kind !== "quotes") {
      for (const problem of problemsOf(update)) printError(problem);
      if (screen && update.kind === "heartbeat") screen.status = formatHeartbeat(update);
      continue;
    }
    for (const gap of update.gaps) if (gap.cause === "lost") printError(formatGap(gap));
    for (const quote of update.quotes.slice(0, remaining)) {
      if (screen) screen.show(quote);
      else await write(json ? formatQuoteJson(quote) : formatQuote(update.phase, quote));
    }
    remaining -= update.quotes.length;
    if (remaining <= 0) return;
  }
  if (end.signal.aborted) throw end.signal.reason;
});

function problemsOf(update: WatchUpdate): string[] {
  switch (update.kind) {
    case "started":
      return update.subscriptions
        .filter(({ status }) => status !== SubscriptionStatus.ACCEPTED)
        .map(({ symbol, status }) =>
          status === SubscriptionStatus.TOO_MANY
            ? `${symbol}: limit of subscriptions reached`
            : `there is no instrument ${symbol}`,
        );
    case "reset":
      return ["the server cannot resume the stream from its cursor: quotes are missing"];
    case "heartbeat":
      return update.unexplained > 0n
        ? [`${update.unexplained} quotes are missing, and the server has not skipped them`]
        : [];
    default:
      return [];
  }
}

function formatGap({ symbol, missing, before }: Gap): string {
  return `${missing} quotes of ${symbol} are missing before instrument_seq ${before}`;
}

function formatHeartbeat({ conflated, lagMs }: WatchUpdate & { kind: "heartbeat" }): string {
  return `live  ${conflated} conflated  lag ${lagMs.toFixed(0)} ms`;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("expected a whole number from 1");
  return Number(text);
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0.001 && value <= 1_000))
    throw new InvalidArgumentError("expected a number from 0.001 to 1,000");
  return value;
}
