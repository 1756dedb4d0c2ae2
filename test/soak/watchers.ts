import { setTimeout as delay } from "node:timers/promises";
import { createClient, type Transport } from "@connectrpc/connect";
import { type QuotesWatch, watchQuotes } from "../../client/quote/watch-quotes.ts";
import { SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";

/** What all watchers of a soak have counted together. */
export interface WatchCounts {
  quotes: number;
  gaps: number;
  skipped: bigint;
  reconnects: number;
  readonly live: Set<number>;
  /** What went wrong, and how often. */
  readonly problems: Map<string, number>;
}

/** A subscriber of a soak. */
export interface Watcher {
  readonly number: number;
  readonly transport: Transport;
  readonly symbols: readonly string[];
  readonly policy: SlowReaderPolicy;
  /** How long it takes between two updates, in milliseconds. */
  readonly pauseMs: number;
  /** How long it stays before it leaves and another one takes its place; undefined: to the end. */
  readonly staysMs?: number;
}

/** So many different ones are reported. */
const maxProblems = 50;

/** Watches until the signal aborts, and checks that nothing is missing that was not skipped. */
export async function watch(watcher: Watcher, counts: WatchCounts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const left =
      watcher.staysMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(watcher.staysMs)]);
    try {
      await read(open(watcher, left), watcher, counts);
    } catch (error) {
      if (left.aborted) continue;
      addProblem(counts, `subscriber ${watcher.number} has ended: ${error}`);
      return;
    }
  }
}

function open({ transport, symbols, policy }: Watcher, signal: AbortSignal): QuotesWatch {
  return watchQuotes(createClient(QuoteService, transport), { symbols, policy, signal });
}

async function read(quotes: QuotesWatch, { number, policy, pauseMs }: Watcher, counts: WatchCounts): Promise<void> {
  let streams = 0;
  for await (const update of quotes) {
    switch (update.kind) {
      case "started":
        if (streams++ > 0) counts.reconnects++;
        break;
      case "quotes":
        counts.live.add(number);
        counts.quotes += update.quotes.length;
        for (const { cause, missing, symbol, before } of update.gaps) {
          if (cause === "skipped" && policy !== SlowReaderPolicy.DISCONNECT) {
            counts.skipped += missing;
          } else {
            counts.gaps += Number(missing);
            addProblem(counts, `subscriber ${number}: ${missing} quotes of ${symbol} before ${before} are ${cause}`);
          }
        }
        break;
      case "heartbeat":
        if (update.unexplained !== 0n) {
          counts.gaps += Number(update.unexplained);
          addProblem(counts, `subscriber ${number}: ${update.unexplained} more are missing than were skipped`);
        }
        break;
      case "reset":
        // A slow reader may be so far behind that the log no longer holds its place when it connects again.
        if (pauseMs > 0) break;
        counts.gaps++;
        addProblem(counts, `subscriber ${number} was reset: ${update.cause?.problem}`);
        break;
    }
    if (pauseMs > 0) await delay(pauseMs);
  }
}

/** Counts a problem. */
export function addProblem({ problems }: Pick<WatchCounts, "problems">, problem: string): void {
  const times = problems.get(problem) ?? 0;
  if (times > 0 || problems.size < maxProblems) problems.set(problem, times + 1);
}
