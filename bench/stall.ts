import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { createApp } from "../server/app.ts";
import { readConfig } from "../server/config/config.ts";
import { tuneGarbageCollection } from "../server/transport/protection/tune-garbage-collection.ts";

// Measures stalls of the server's event loop while it commits and exports at full speed: `npm run bench:stall`.
// The clients run in a separate process. A timer of 1 ms measures the loop, and its interval is subtracted. If other
// programs use the machine, the loop also waits for a core. The processor time between two timer runs shows the part of
// a stall that the server causes.

tuneGarbageCollection();

const loads = ["nothing", "submit", "export", "both"] as const;
const clients = fileURLToPath(new URL("./stall-clients.ts", import.meta.url));
const nanosPerMilli = 1e6;

/** The maximum processor time of this thread between two samples. */
class LongestTurn {
  #micros = 0;
  #before = process.threadCpuUsage();
  readonly #timer = setInterval(() => {
    const now = process.threadCpuUsage();
    this.#micros = Math.max(this.#micros, now.user - this.#before.user + now.system - this.#before.system);
    this.#before = now;
  }, 1);

  /** The duration in milliseconds. */
  stop(): number {
    clearInterval(this.#timer);
    return this.#micros / 1_000;
  }
}

await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-stall-"));
const settings = { port: "0", data: folder.path, demo: "true", "demo-orders": "200000", "simulated-rate": "1" };
const log = pino({ level: "info" }, { write: () => {} });
const app = await createApp(readConfig(settings, {}), log);
await runClients("wait");
for (const load of loads) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const began = performance.eventLoopUtilization();
  const turns = new LongestTurn();
  delays.enable();
  const report = await runClients(load);
  delays.disable();
  const ofProcessor = turns.stop().toFixed(1);
  const { utilization } = performance.eventLoopUtilization(began);
  const [longest, p99] = [delays.max, delays.percentile(99)].map((nanos) => (nanos / nanosPerMilli - 1).toFixed(1));
  const busy = Math.round(utilization * 100);
  console.log(
    `${load}: longest ${longest} ms (${ofProcessor} ms of processor), p99 ${p99} ms, busy ${busy} %${report}`,
  );
}
await app.close();

async function runClients(load: string): Promise<string> {
  const child = spawn(process.execPath, [clients, app.url, load], { stdio: ["ignore", "pipe", "inherit"] });
  let report = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    report += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the clients of ${load} failed`);
  return report === "" ? "" : `; ${report.trim().replaceAll("\n", ", ")}`;
}
