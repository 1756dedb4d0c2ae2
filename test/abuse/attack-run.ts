import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { CanaryReport } from "./canary-report.ts";
import type { ServerNumbers } from "./server-numbers.ts";
import { startAbuseServer } from "./start-abuse-server.ts";
import { type Canary, startCanary } from "./start-canary.ts";
import type { Attack, Outcome } from "./target.ts";

/** The result of one attack. */
export interface AttackRecord {
  readonly name: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** The peak memory of the server during the attack, in bytes, and its peak number of file descriptors. */
  readonly peakRss: number;
  /** By how much that memory exceeds the memory at the start of the attack, in bytes. */
  readonly rssGrowth: number;
  readonly peakFileDescriptors: number;
  readonly cpuMs: number;
  readonly canary: CanaryReport;
}

/** The resources of the server while the canary is the only client. */
export interface ServerResources extends ServerNumbers {
  readonly fileDescriptors: number;
}

/** A server with a canary, for a series of attacks. */
export interface AttackRun extends AsyncDisposable {
  readonly records: readonly AttackRecord[];
  /** Runs an attack, waits until the server is idle again, and expects that the canary has lost nothing. */
  under(name: string, attack: Attack): Promise<Outcome>;
  resources(): Promise<ServerResources>;
  /** Returns the errors in the server's log, and lines on standard error that are not log lines. */
  loggedErrors(): Promise<string[]>;
}

const sampleEveryMs = 25;

/** The time limit for the server to become idle after an attack, which counts as part of the attack. */
const idleTimeoutMs = 20_000;
const pollIntervalMs = 150;
const maxPauseMs = 300;

/** Starts a server and a canary. */
export async function startAttackRun(): Promise<AttackRun> {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startAbuseServer());
  const canary = started.use(await startCanary(server.target.url));
  const records: AttackRecord[] = [];
  const parts = started.move();
  return {
    records,
    async under(name, attack) {
      expect((await reportUntilIdle(canary)).losses).toEqual([]); // a call that waits from before is not of this attack
      const before = server.use();
      const peak = { rss: before.rss, fileDescriptors: before.fileDescriptors };
      const sampler = setInterval(() => {
        const now = server.use();
        peak.rss = Math.max(peak.rss, now.rss);
        peak.fileDescriptors = Math.max(peak.fileDescriptors, now.fileDescriptors);
      }, sampleEveryMs);
      const start = performance.now();
      try {
        const outcome = await attack(server.target);
        const durationMs = performance.now() - start;
        const report = await reportUntilIdle(canary);
        records.push({
          name,
          outcome,
          durationMs,
          peakRss: peak.rss,
          rssGrowth: peak.rss - before.rss,
          peakFileDescriptors: peak.fileDescriptors,
          cpuMs: server.use().cpuMs - before.cpuMs,
          canary: report,
        });
        expect(report.losses).toEqual([]);
        return outcome;
      } finally {
        clearInterval(sampler);
      }
    },
    async resources() {
      // Read before the measurement, because the server is paused during it and the canary opens more connections.
      const { fileDescriptors } = server.use();
      return { ...(await server.measure()), fileDescriptors };
    },
    loggedErrors: () => server.loggedErrors(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Combines the canary's reports until its streams have no pause any more, for at most 20 s. */
export async function reportUntilIdle(canary: Canary): Promise<CanaryReport> {
  const until = performance.now() + idleTimeoutMs;
  let whole = await canary.report();
  for (;;) {
    await wait(pollIntervalMs);
    const latest = await canary.report();
    whole = addReports(whole, latest);
    if (latest.quotes > 0 && latest.longestIdleMs < maxPauseMs) return whole;
    if (performance.now() > until) return whole;
  }
}

function addReports(one: CanaryReport, other: CanaryReport): CanaryReport {
  return {
    losses: [...one.losses, ...other.losses],
    quotes: one.quotes + other.quotes,
    heartbeats: one.heartbeats + other.heartbeats,
    calls: one.calls + other.calls,
    longestIdleMs: Math.max(one.longestIdleMs, other.longestIdleMs),
    slowestCallMs: Math.max(one.slowestCallMs, other.slowestCallMs),
    longestWaitMs: other.longestWaitMs,
    slowCalls: [...one.slowCalls, ...other.slowCalls],
  };
}
