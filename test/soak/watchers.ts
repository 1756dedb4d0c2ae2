import { setTimeout as delay } from "node:timers/promises";
import { createClient, type Transport } from "@connectrpc/connect";
import { type QuotesWatch, watchQuotes } from "../../client/quote/watch-quotes.ts";
import { SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";

/** The counts of all watchers of a soak. */
export interface WatchCounts {
  quotes: number;
  gaps: number;
  skipped: bigint;
  reconnects: number;
  readonly live: Set<number>;
  /** The problems, with the number of their occurrences. */
  readonly problems: Map<string, number>;
}

/** A subscriber of a soak. */
export interface Watcher {
  readonly number: number;
  readonly transport: Transport;
  readonly symbols: readonly string[];
  readonly policy: SlowReaderPolicy;
  /** The delay after each update, in milliseconds. */
  readonly pauseMs: number;
  /** The time after which a new subscriber replaces it. Undefined: it stays until the end. */
  readonly staysMs?: number;
}

/** The maximum number of different problems. */
const maxProblems = 50;

/** Watches until the signal aborts, and checks that only skipped quotes are missing. */
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
          addProblem(counts, `subscriber ${number}: ${update.unexplained} quotes are missing without a skip`);
        }
        break;
      case "reset":
        // A slow reader can fall so far behind that the log no longer stores its position when it reconnects.
        if (pauseMs > 0) break;
        counts.gaps++;
        addProblem(counts, `subscriber ${number} was reset: ${update.cause?.problem}`);
        break;
    }
    if (pauseMs > 0) await delay(pauseMs);
  }
}

/** Adds a problem to the counts. */
export function addProblem({ problems }: Pick<WatchCounts, "problems">, problem: string): void {
  const times = problems.get(problem) ?? 0;
  if (times > 0 || problems.size < maxProblems) problems.set(problem, times + 1);
}
