import type { DescMethod } from "@bufbuild/protobuf";
import { reportUntilIdle } from "../attack-run.ts";
import type { CanaryReport, SlowCall } from "../canary-report.ts";
import { type AbuseServer, startAbuseServer } from "../start-abuse-server.ts";
import { type Canary, startCanary } from "../start-canary.ts";
import { tally } from "../target.ts";
import type { Answer } from "./answer.ts";
import { type AttackClient, openAttackClient } from "./attack-client.ts";
import type { CaseRecord } from "./case-record.ts";
import type { AbuseCase } from "./case-selection.ts";
import { requestOf, type WireLimits } from "./encoding.ts";
import { messageLimitOf } from "./message-limit.ts";

/** Runs cases against a server with a canary. Restarts both after a case that ended or blocked the server. */
export interface GeneratorRun extends AsyncDisposable {
  readonly url: string;
  readonly records: readonly CaseRecord[];
  /** The largest message of each method that has been called, in bytes. */
  readonly messageLimits: ReadonlyMap<string, number>;
  /** Runs a case several times concurrently. Resolves to undefined if no request of its encoding can contain it. */
  run(abuse: AbuseCase, times: number): Promise<CaseRecord | undefined>;
  /** Returns the canary's report since the last call, and attributes its slow calls to the cases. */
  observe(): Promise<CanaryReport>;
  /** The peak heap since the last call, in bytes. */
  takePeakHeap(): Promise<number>;
  /** Returns the errors in the server's log. */
  loggedErrors(): Promise<string[]>;
}

/** Four times the heap of an idle server. A case that needs more ends the server, which the test detects. */
const maxHeapMegabytes = 512;

/** The time in milliseconds after which a call without a response fails. */
const timeoutMs = 10_000;
const burstTimeoutMs = 60_000;

/** The maximum time between the start of a slow call and its report. */
const slowCallMs = 30_000;

/** Starts a server and a canary. */
export async function startGeneratorRun(limits: WireLimits): Promise<GeneratorRun> {
  const records: CaseRecord[] = [];
  let unattributed: CaseRecord[] = [];
  const messageLimits = new Map<string, number>();
  const earlierErrors: string[] = [];
  let parts = await start();

  async function limitOf(method: DescMethod): Promise<number> {
    const path = `${method.parent.typeName}/${method.name}`;
    const limit = messageLimits.get(path) ?? (await messageLimitOf(method, parts.client, limits));
    messageLimits.set(path, limit);
    return limit;
  }

  async function restart(): Promise<void> {
    earlierErrors.push(...(await parts.server.loggedErrors()));
    await parts.resources.disposeAsync();
    parts = await start();
  }

  return {
    records,
    messageLimits,
    get url() {
      return parts.server.target.url;
    },
    async run(abuse, times) {
      const maxMessageBytes = abuse.isOversized ? limits.maxMessageBytes : await limitOf(abuse.method);
      const request = requestOf(abuse.method, abuse.shape, abuse.encoding, { ...limits, maxMessageBytes });
      if (request === undefined) return undefined;
      const { server, client } = parts;
      server.takePeakRss();
      const startMs = performance.timeOrigin + performance.now();
      if (times > 1) client.renew();
      const mostMs = times === 1 ? timeoutMs : burstTimeoutMs;
      const answers = await Promise.all(Array.from({ length: times }, () => client.call(request, mostMs)));
      const record = recordOf(abuse, times, answers, startMs, server);
      records.push(record);
      unattributed.push(record);
      if (record.ending !== undefined || record.outcome["no answer"] !== undefined) {
        // Restarts the server instead of waiting, because it can still be busy with the case.
        record.blockedMs = (await parts.canary.report()).longestWaitMs;
        await restart();
      }
      return record;
    },
    async observe() {
      const report = await reportUntilIdle(parts.canary);
      attributeSlowCalls(report.slowCalls, unattributed);
      const now = performance.timeOrigin + performance.now();
      unattributed = unattributed.filter(({ startMs }) => startMs > now - slowCallMs);
      return report;
    },
    takePeakHeap: () => parts.server.takePeakHeap(),
    loggedErrors: async () => [...earlierErrors, ...(await parts.server.loggedErrors())],
    [Symbol.asyncDispose]: () => parts.resources.disposeAsync(),
  };
}

interface Parts {
  readonly server: AbuseServer;
  readonly canary: Canary;
  readonly client: AttackClient;
  readonly resources: AsyncDisposableStack;
}

async function start(): Promise<Parts> {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startAbuseServer({ maxHeapMegabytes, flags: ["--classic-interval", "0.01"] }));
  const canary = started.use(await startCanary(server.target.url));
  const client = started.use(openAttackClient(server.target));
  await server.takePeakHeap();
  return { server, canary, client, resources: started.move() };
}

function recordOf(
  abuse: AbuseCase,
  times: number,
  answers: readonly Answer[],
  startMs: number,
  server: AbuseServer,
): CaseRecord {
  const { ending } = server;
  return {
    case: abuse,
    times,
    outcome: tally(answers.map(({ code }) => code)),
    errorBytes: Math.max(...answers.map(({ errorBytes }) => errorBytes)),
    durationMs: Math.max(...answers.map(({ durationMs }) => durationMs)),
    peakRss: ending === undefined ? server.takePeakRss() : 0,
    startMs,
    blockedMs: 0,
    ...(ending !== undefined && { ending }),
  };
}

/** Attributes each slow call to the case with the longest overlap. */
function attributeSlowCalls(calls: readonly SlowCall[], records: readonly CaseRecord[]): void {
  for (const { startMs, durationMs } of calls) {
    let most = 0;
    let cause: CaseRecord | undefined;
    for (const record of records) {
      const shared =
        Math.min(startMs + durationMs, record.startMs + record.durationMs) - Math.max(startMs, record.startMs);
      if (shared <= most) continue;
      most = shared;
      cause = record;
    }
    if (cause !== undefined) cause.blockedMs = Math.max(cause.blockedMs, durationMs);
  }
}
