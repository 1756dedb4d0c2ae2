import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { readProcessUse } from "../abuse/process-use.ts";
import { startBourse } from "../start-bourse.ts";
import { heapProbeFlags, openHeapProbe } from "./heap-probe.ts";
import { judgeMemory } from "./memory-verdict.ts";
import { type SoakRow, tableHead, tableLine } from "./soak-table.ts";
import { startSoakClients } from "./start-soak-clients.ts";

// Runs a server with a busy market and hundreds of subscribers for a quarter of an hour. Passes if no quote is missing
// without a skip, no call fails, and the memory does not grow after the first third.

const minutes = numberOf("BOURSE_SOAK_MINUTES", 15);
const subscribers = numberOf("BOURSE_SOAK_SUBSCRIBERS", 300);

const settings = ["--simulated-rate", "2000", "--demo-orders", "5000", "--log-level", "warn", "--log-format", "json"];

const sampleMs = 5_000;
const tableRows = 30;

/** The minimum for a verdict. The quote log takes 100 s to fill, and young objects must move to the old space. */
const minJudgedMinutes = 10;

/**
 * The allowed growth of the live heap from the end of the first third to the end, as a fraction. The live heap is
 * measured after a garbage collection.
 */
const maxLiveGrowth = 0.05;

const maxShownComplaints = 10;

/** The observations of the server. */
interface Soak {
  readonly rows: readonly SoakRow[];
  /** The live bytes after a garbage collection, at the end of the first third and at the end. */
  readonly live: readonly number[];
  /** The log of the server, and its exit code or signal if it has ended. */
  readonly log: string;
  readonly ended: number | string | null;
}

process.exitCode = judge(await soak());

async function soak(): Promise<Soak> {
  await using server = await startBourse(settings, undefined, [], heapProbeFlags);
  using probe = await openHeapProbe(server);
  const symbols = await symbolsOf(server.url);
  console.log(`${subscribers} subscribers of ${symbols.length} instruments for ${minutes} minutes`);
  await using clients = startSoakClients({ url: server.url, subscribers, symbols });

  const start = performance.now();
  const endMs = minutes * 60_000;
  const rows = [await sample()];
  const live: number[] = [];
  let shown = rows[0] as SoakRow;
  console.log(tableHead);
  for (let isLast = false; !isLast; ) {
    await delay(Math.max(Math.min(sampleMs, start + endMs - performance.now()), 1));
    isLast = performance.now() - start >= endMs;
    // Only twice, because a server in production does not force garbage collections either.
    if (isLast || (live.length === 0 && performance.now() - start >= endMs / 3)) {
      const { used, buffers } = await probe.liveUse();
      live.push(used + buffers);
    }
    const row = await sample();
    rows.push(row);
    if (!isLast && row.seconds - shown.seconds < endMs / 1_000 / tableRows) continue;
    console.log(tableLine(row, shown));
    shown = row;
  }
  return { rows, live, log: server.log(), ended: server.process.exitCode ?? server.process.signalCode };

  async function sample(): Promise<SoakRow> {
    const { used, buffers } = await probe.use();
    const { rss, cpuMs } = readProcessUse(server.process.pid ?? 0);
    const report = await clients.report();
    return { seconds: (performance.now() - start) / 1_000, rss, heap: used + buffers, cpuMs, report };
  }
}

/** Prints the problems and the verdict. Returns the exit code. */
function judge(soak: Soak): number {
  const report = soak.rows.at(-1)?.report;
  if (report === undefined) throw new Error("the clients sent no report");
  const problems = [...report.problems, ...problemsOf(soak)];
  for (const problem of problems) console.log(`problem: ${problem}`);
  console.log(`\n${report.gaps} gaps in ${report.quotes.toLocaleString("en")} quotes; ${problems.length} problems.`);
  console.log(`After the first ${(minutes / 3).toFixed(1)} minutes:`);
  const isFlat = [judgeRss(soak), judgeLive(soak)].every(Boolean);
  const passed = report.gaps === 0 && problems.length === 0 && isFlat;
  console.log(passed ? "passed" : "FAILED");
  return passed ? 0 : 1;
}

function problemsOf({ rows, log, ended }: Soak): string[] {
  const problems: string[] = [];
  const report = rows.at(-1)?.report;
  if (report?.subscribers !== subscribers)
    problems.push(`only ${report?.subscribers} of ${subscribers} subscribers have received quotes`);
  for (const kind of ["calls", "uploads", "exports"] as const) {
    if (report?.[kind] === 0) problems.push(`no ${kind} were completed`);
  }
  if (ended !== null) problems.push(`the server has ended with ${ended}`);
  const complaints = log.split("\n").filter(isComplaint).slice(0, maxShownComplaints);
  return [...problems, ...complaints.map((line) => `the server logged: ${line}`)];
}

function judgeRss({ rows }: Soak): boolean {
  if (minutes < minJudgedMinutes) {
    console.log(`RSS has no verdict; a verdict requires a soak of at least ${minJudgedMinutes} minutes.`);
    return true;
  }
  const samples = rows.map(({ seconds, rss }) => ({ seconds, bytes: rss }));
  const { isFlat, rise, peaks } = judgeMemory(samples.filter(({ seconds }) => seconds >= minutes * 20));
  const figures = `${percent(rise)} along the fitted line, its second peak ${percent(peaks - 1)} above the first`;
  console.log(`RSS ${isFlat ? "is flat" : "GROWS"}: ${figures}.`);
  return isFlat;
}

function judgeLive({ live: [before = 0, after = 0] }: Soak): boolean {
  const growth = after / before - 1;
  const isFlat = minutes < minJudgedMinutes || growth < maxLiveGrowth;
  const [was, is] = [before, after].map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`);
  console.log(`The live heap ${isFlat ? "is flat" : "GROWS"}: ${was}, then ${is} (${percent(growth)}).`);
  return isFlat;
}

/** Returns whether a line is an error in pino's format or not a log line. */
function isComplaint(line: string): boolean {
  const errorLevel = 50;
  try {
    return (JSON.parse(line) as { level: number }).level >= errorLevel;
  } catch {
    return line !== "" && !/^(Debugger (listening|attached)|For help, see|Warning: )/.test(line);
  }
}

async function symbolsOf(url: string): Promise<string[]> {
  const client = createClient(QuoteService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  const { instruments } = await client.listInstruments({});
  return instruments.map(({ symbol }) => symbol);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function numberOf(variable: string, fallback: number): number {
  const value = Number(process.env[variable] ?? fallback);
  if (value > 0) return value;
  throw new RangeError(`${variable} is ${process.env[variable]}; it must be a number above 0`);
}
