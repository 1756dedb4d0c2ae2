import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { LoadResult } from "../load-node/load-result.ts";
import type { Load } from "../workloads/workload.ts";
import { type Cores, onCore } from "./cores.ts";
import { benchFolder, builtFolder, projectFolder } from "./folders.ts";
import type { PeerServer } from "./peer-server.ts";

/** The maximum duration of one run of a load client. */
const runTimeoutMs = 90_000;

/** The durations of the warm-up and of the measurement, in milliseconds. */
export interface Duration {
  readonly warm: number;
  readonly measure: number;
}

export interface LoadOptions {
  readonly load: Load;
  readonly server: PeerServer;
  readonly size: number;
  readonly duration: Duration;
  readonly cores: Cores;
  /** Whether the Go load client is built. */
  readonly go: boolean;
  /** Called when the load client pauses. The load client continues when the promise resolves. */
  readonly onPaused?: () => Promise<void>;
}

/** Runs a load client against a server. Rejects with its error output, or if it takes too long. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const [command = "", ...args] = onCore(options.cores, "client", [...programOf(options), ...flagsOf(options)]);
  // The load client writes its files to the same disk as the peers.
  const env = { ...process.env, TMPDIR: builtFolder };
  const child = spawn(command, args, { cwd: projectFolder, env, timeout: runTimeoutMs, killSignal: "SIGKILL" });
  const ended = once(child, "close");
  let errorOutput = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errorOutput += text;
  });
  child.stdin.on("error", () => {});
  let result: LoadResult | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "PAUSED") {
      await options.onPaused?.();
      child.stdin.write("\n");
    } else {
      result = JSON.parse(line);
    }
  }
  const [code, signal] = await ended;
  if (result !== undefined && code === 0) return result;
  const reason = signal === null ? `exit code ${code}` : `${signal} after ${runTimeoutMs / 1000} s`;
  throw new Error(errorOutput.trim().split("\n").at(-1) || `the load client ended with ${reason}`);
}

function programOf({ load, go }: LoadOptions): readonly string[] {
  if (load.client === "load" && go) return [join(builtFolder, "load")];
  return [process.execPath, join(benchFolder, "load-node/main.ts")];
}

function flagsOf({ load, server, size, duration }: LoadOptions): readonly string[] {
  const flags = {
    workload: load.workload,
    address: server.address,
    pid: server.pid,
    size,
    warm: `${duration.warm}ms`,
    measure: `${duration.measure}ms`,
    watch: server.peer.watch,
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}
