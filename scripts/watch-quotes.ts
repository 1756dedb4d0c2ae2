import { once } from "node:events";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command, InvalidArgumentError, Option } from "commander";
import { watchQuotes } from "../client/quote/watch-quotes.ts";
import type { Gap, WatchState, WatchUpdate } from "../client/quote/watch-update.ts";
import { SlowReaderPolicy, SubscriptionStatus } from "../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { QuoteScreen } from "./quote-screen.ts";
import { quoteJson, quoteLine } from "./quote-text.ts";
import { retryText } from "./retry-text.ts";
import { runScript } from "./run-script.ts";

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
  .description("Shows live quotes: a table on a terminal, a line each in a pipe. Goes on after a break.")
  .argument("[symbols...]", "what to watch; none: everything")
  .addOption(addressOption())
  .option("--json", "an object a line")
  .option("--count <n>", "end after so many quotes", wholeNumber)
  .option("--from-start", "begin with the oldest quote that the server still holds")
  .option("--max-rate <n>", "at most so many quotes a second of each symbol", rate)
  .addOption(
    new Option("--policy <name>", "what becomes of quotes that come faster than they are read")
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
        if (state.kind === "retrying" && !isStarted)
          end.abort(state.reason); // Whoever calls it for the first time wants to know.
        else tell(state);
      },
      ...(maxRate !== undefined && { maxRate }),
    },
  );
  const tell = (state: WatchState) => {
    if (screen) screen.status = stateText(state);
    else if (state.kind === "retrying") console.error(stateText(state));
  };
  const say = async (line: string) => {
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain", { signal });
  };
  let left = count;
  for await (const update of watch) {
    isStarted ||= update.kind === "started";
    if (update.kind === "started" && !json && !screen) await say(`stream ${update.streamId}`);
    if (update.kind !== "quotes") {
      for (const problem of problemsOf(update)) console.error(problem);
      if (screen && update.kind === "heartbeat") screen.status = heartbeatText(update);
      continue;
    }
    for (const gap of update.gaps) if (gap.cause === "lost") console.error(gapText(gap));
    for (const quote of update.quotes.slice(0, left)) {
      if (screen) screen.show(quote);
      else await say(json ? quoteJson(quote) : quoteLine(update.phase, quote));
    }
    left -= update.quotes.length;
    if (left <= 0) return;
  }
  if (end.signal.aborted) throw end.signal.reason;
});

function problemsOf(update: WatchUpdate): string[] {
  switch (update.kind) {
    case "started":
      return update.subscriptions
        .filter(({ status }) => status !== SubscriptionStatus.ACCEPTED)
        .map(({ symbol, status }) =>
          status === SubscriptionStatus.TOO_MANY ? `${symbol} is one too many` : `there is no instrument ${symbol}`,
        );
    case "reset":
      return ["the server cannot go on where the stream broke: quotes are missing"];
    case "heartbeat":
      return update.unexplained > 0n
        ? [`${update.unexplained} quotes are missing, of which the server does not know`]
        : [];
    default:
      return [];
  }
}

function gapText({ symbol, missing, before }: Gap): string {
  return `${missing} quotes of ${symbol} are missing before its number ${before}`;
}

function stateText(state: WatchState): string {
  if (state.kind !== "retrying") return state.kind;
  return retryText("the stream", state);
}

function heartbeatText({ conflated, lagMs }: WatchUpdate & { kind: "heartbeat" }): string {
  return `live  ${conflated} conflated  ${lagMs.toFixed(0)} ms behind`;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("a whole number from 1 is needed");
  return Number(text);
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0.001 && value <= 1_000))
    throw new InvalidArgumentError("a number from 0.001 to 1,000 is needed");
  return value;
}
