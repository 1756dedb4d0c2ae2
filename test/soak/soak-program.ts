import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { openPausableProxy } from "../pausable-proxy.ts";
import { jobsFor, repeat } from "./jobs.ts";
import type { SoakOrder, SoakReport } from "./soak-report.ts";
import { addProblem, type WatchCounts, type Watcher, watch } from "./watchers.ts";

// The clients of a soak in a separate process: subscribers over every protocol and HTTP version, and other calls. It
// reports on request, and ends together with its parent.

/** The number of subscribers on one transport. Over HTTP/2 they share its session. */
const maxWatchersPerTransport = 20;

/**
 * One in this number of subscribers watches all instruments, as slow subscribers do. The others watch some instruments,
 * because each message takes this process about 50 µs, and a fully busy process would measure itself.
 */
const watchesAllOneIn = 75;
const symbolsOfOthers = 4;

/** One in this number of subscribers allows skipped quotes. Of these, one in `slowOneIn` is slow. */
const conflatesOneIn = 3;
const slowOneIn = 12;
const slowMs = 1_000;

/** One in this number of subscribers ends after some time, and a new one replaces it. */
const leavesOneIn = 10;
const staysMs = 30_000;

/** One in this number of transports uses a connection that breaks from time to time. */
const cutOneIn = 5;
const cutEveryMs = 20_000;
const cutForMs = 500;

/** The resolution of the event loop measurement, in milliseconds. */
const lagResolutionMs = 20;

const makers: readonly ((baseUrl: string) => Transport)[] = [
  (baseUrl) => createGrpcTransport({ baseUrl }),
  (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
  (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
];

const { url, subscribers, symbols } = JSON.parse(process.argv[2] ?? "") as SoakOrder;
const watchersPerTransport = Math.min(maxWatchersPerTransport, Math.ceil(subscribers / makers.length));
const end = new AbortController();
const counts: WatchCounts = { quotes: 0, gaps: 0, skipped: 0n, reconnects: 0, live: new Set(), problems: new Map() };
const done = { calls: 0, uploads: 0, exports: 0 };
const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
lag.enable();

process.on("message", () => {
  const { quotes, gaps, skipped, reconnects, live, problems } = counts;
  const messages = [...problems].map(([problem, times]) => (times > 1 ? `${problem} (${times} times)` : problem));
  const seen = {
    quotes,
    gaps,
    skipped: Number(skipped),
    reconnects,
    subscribers: live.size,
    problems: messages,
    lagMs: lag.max / 1e6,
    ...done,
  };
  lag.reset();
  process.send?.(seen satisfies SoakReport);
});
process.once("disconnect", () => process.exit(0));

const proxy = await openPausableProxy(url);
void cutNowAndThen();
let transport: Transport | undefined;
for (let number = 0; number < subscribers; number++) {
  const group = Math.floor(number / watchersPerTransport);
  if (transport === undefined || number % watchersPerTransport === 0) {
    transport = makers[group % makers.length]?.(group % cutOneIn === 0 ? proxy.url : url) as Transport;
  }
  void watch(watcherOf(number, transport), counts, end.signal);
}
const transports = makers.map((make) => make(url));
for (const job of jobsFor(symbols)) {
  void repeat(job, transports, end.signal, (problem) => {
    if (problem === undefined) done[job.kind]++;
    else addProblem(counts, `one of the ${job.kind} failed: ${problem}`);
  });
}

function watcherOf(number: number, transport: Transport): Watcher {
  const conflates = number % conflatesOneIn === 0;
  const isSlow = conflates && Math.floor(number / conflatesOneIn) % slowOneIn === 0;
  const first = (number * symbolsOfOthers) % Math.max(symbols.length - symbolsOfOthers, 1);
  const all = isSlow || number % watchesAllOneIn === 1;
  return {
    number,
    transport,
    symbols: all ? ["*"] : symbols.slice(first, first + symbolsOfOthers),
    policy: conflates ? SlowReaderPolicy.CONFLATE : SlowReaderPolicy.DISCONNECT,
    pauseMs: isSlow ? slowMs : 0,
    ...(number % leavesOneIn === 2 && { staysMs }),
  };
}

async function cutNowAndThen(): Promise<void> {
  for (;;) {
    await delay(cutEveryMs);
    proxy.disconnect();
    await delay(cutForMs);
    proxy.reconnect();
  }
}
