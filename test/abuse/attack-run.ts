import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { CanaryReport } from "./canary-report.ts";
import type { ServerNumbers } from "./server-numbers.ts";
import { startAbuseServer } from "./start-abuse-server.ts";
import { type Canary, startCanary } from "./start-canary.ts";
import type { Attack, Outcome } from "./target.ts";

/** What one attack came to. */
export interface AttackRecord {
  readonly name: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** The peak use of the server during the attack: bytes of memory, and file descriptors. */
  readonly peakRss: number;
  readonly peakFileDescriptors: number;
  readonly cpuMs: number;
  readonly canary: CanaryReport;
}

/** What the server holds, with the canary on it and nobody else. */
export interface Holdings extends ServerNumbers {
  readonly fileDescriptors: number;
}

/** A server with a canary on it, to be attacked time and again. */
export interface AttackRun extends AsyncDisposable {
  readonly records: readonly AttackRecord[];
  /** Runs an attack to its end, waits until the server is calm again, and expects that the canary has lost nothing. */
  under(name: string, attack: Attack): Promise<Outcome>;
  holdings(): Promise<Holdings>;
  /** Errors that the server wrote to standard error, and lines that are not of the log. */
  complaints(): Promise<string[]>;
}

const sampleEveryMs = 25;

/** What an attack leaves the server to do counts as its own, and not as the next one's. */
const calmWithinMs = 20_000;
const lookEveryMs = 150;
const calmIdleMs = 300;

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
      expect((await canary.report()).losses).toEqual([]);
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
        const report = await reportUntilCalm(canary);
        records.push({
          name,
          outcome,
          durationMs,
          peakRss: peak.rss,
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
    async holdings() {
      // Before the server stops for a while to count: the canary opens more connections meanwhile.
      const { fileDescriptors } = server.use();
      return { ...(await server.measure()), fileDescriptors };
    },
    complaints: () => server.complaints(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** What the canary sees from its last report until its streams flow without a pause again, at most for 20 s. */
export async function reportUntilCalm(canary: Canary): Promise<CanaryReport> {
  const until = performance.now() + calmWithinMs;
  let whole = await canary.report();
  for (;;) {
    await wait(lookEveryMs);
    const latest = await canary.report();
    whole = addReports(whole, latest);
    if (latest.quotes > 0 && latest.longestIdleMs < calmIdleMs) return whole;
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
