import { createClient } from "@connectrpc/connect";
import { InvalidArgumentError, Option } from "commander";
import { watchQuotes } from "../../client/quote/watch-quotes.ts";
import type { Gap, WatchState, WatchUpdate } from "../../client/quote/watch-update.ts";
import { SlowReaderPolicy, type Subscription, SubscriptionStatus } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { formatRetry } from "../shared/command-retry-policy.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { parseCount } from "../shared/option-parsers.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { printError } from "../shared/terminal-output.ts";
import { formatQuote, formatQuoteJson } from "./format-quote.ts";
import { QuoteScreen } from "./quote-screen.ts";

interface Options extends ServerOptions {
  readonly count?: number;
  readonly fromStart?: true;
  readonly maxRate?: number;
  readonly policy: keyof typeof policies;
}

const policies = { conflate: SlowReaderPolicy.CONFLATE, disconnect: SlowReaderPolicy.DISCONNECT };

/** `bourse watch`: prints live quotes. */
export function watchCommand(): BourseCommand {
  return serverCommand("watch", {
    description: "Prints live quotes: a table on a terminal, lines in a pipe. Reconnects after a failure.",
    examples: [
      ["bourse watch", "all instruments"],
      ["bourse watch ACME TEST --max-rate 2", "two instruments, at most two quotes per second of each"],
      ["bourse watch ACME --json --count 100 > acme.ndjson", "the next 100 quotes as objects"],
      ["bourse watch --from-start --policy disconnect --json", "every quote that the log still has, then live"],
    ],
  })
    .argument("[symbols...]", "symbols to watch; default: all")
    .option("--count <n>", "exit after this many quotes", parseCount)
    .option("--from-start", "start with the oldest quote that the server has")
    .option("--max-rate <n>", "at most this many quotes per second of each symbol", parseRate)
    .addOption(
      new Option("--policy <name>", "policy for quotes that arrive faster than they are read")
        .choices(Object.keys(policies))
        .default("conflate"),
    )
    .action(runCommand<Options>(watch));
}

async function watch({ args, options, signal, print }: CommandContext<Options>): Promise<number | undefined> {
  const { json, quiet, count = Number.POSITIVE_INFINITY, fromStart, maxRate, policy } = options;
  using screen = json || !process.stdout.isTTY ? undefined : new QuoteScreen(process.stdout);
  const end = new AbortController();
  let isStarted = false;
  const updates = watchQuotes(createClient(QuoteService, connectTo(options)), {
    symbols: args.length > 0 ? args : ["*"],
    policy: policies[policy],
    from: fromStart ? "oldest" : "snapshot",
    signal: AbortSignal.any([signal, end.signal]),
    onState: (state) => {
      if (state.kind !== "retrying" || isStarted) showState(state);
      else end.abort(state.reason); // the first attempt has failed: the address may be wrong
    },
    ...(maxRate !== undefined && { maxRate }),
  });
  const showState = (state: WatchState) => {
    const text = state.kind === "retrying" ? formatRetry("the stream", state) : state.kind;
    if (screen) screen.status = text;
    else if (state.kind === "retrying") printError(text);
  };
  let remaining = count;
  for await (const update of updates) {
    isStarted ||= update.kind === "started";
    if (update.kind === "started" && !json && !quiet && !screen) await print(`stream ${update.streamId}`);
    if (update.kind !== "quotes") {
      for (const problem of problemsOf(update)) printError(problem);
      if (update.kind === "started" && args.length > 0 && !update.subscriptions.some(isAccepted))
        return exitCodes.error;
      if (screen && update.kind === "heartbeat") screen.status = formatHeartbeat(update);
      continue;
    }
    for (const gap of update.gaps) if (gap.cause === "lost") printError(formatGap(gap));
    for (const quote of update.quotes.slice(0, remaining)) {
      if (screen) screen.show(quote);
      else await print(json ? formatQuoteJson(quote) : formatQuote(update.phase, quote));
    }
    remaining -= update.quotes.length;
    if (remaining <= 0) return undefined;
  }
  if (end.signal.aborted) throw end.signal.reason;
  return undefined;
}

function isAccepted({ status }: Subscription): boolean {
  return status === SubscriptionStatus.ACCEPTED;
}

function problemsOf(update: WatchUpdate): string[] {
  switch (update.kind) {
    case "started":
      return update.subscriptions
        .filter((subscription) => !isAccepted(subscription))
        .map(({ symbol, status }) =>
          status === SubscriptionStatus.TOO_MANY
            ? `${symbol}: limit of subscriptions reached`
            : `there is no instrument ${symbol}: bourse instruments lists all`,
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

function parseRate(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0.001 && value <= 1_000))
    throw new InvalidArgumentError("expected a number from 0.001 to 1,000");
  return value;
}
