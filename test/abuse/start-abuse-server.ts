import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "../child-environment.ts";
import { type ProcessUse, readPeakRss, readProcessUse, resetPeakRss } from "./process-use.ts";
import type { ServerMessage, ServerNumbers, ServerRequest } from "./server-numbers.ts";
import { type Target, targetAt } from "./target.ts";

/** A server under attack, in a separate process. */
export interface AbuseServer extends AsyncDisposable {
  readonly target: Target;
  /** Returns the errors in the log of the process, and lines on standard error that are not log lines. */
  loggedErrors(): Promise<string[]>;
  /** Measures the resources after a garbage collection, which pauses the server. */
  measure(): Promise<ServerNumbers>;
  /** Reads the resource use from the operating system, without a request to the server. */
  use(): ProcessUse;
  /** The signal or exit code of the process, for example `SIGABRT`. Undefined while it runs. */
  readonly ending: string | undefined;
  /** Returns the peak memory since the last call, in bytes. */
  takePeakRss(): number;
  /** Returns the peak heap since the last call, in bytes. The first call starts the measurement. */
  takePeakHeap(): Promise<number>;
}

/** The options of the process under attack. */
export interface AbuseServerOptions {
  /** The heap limit of V8, at which the process ends. Default: Node's default. */
  readonly maxHeapMegabytes?: number;
  /** Additional flags of the server. */
  readonly flags?: readonly string[];
}

const program = fileURLToPath(new URL("./abuse-server.ts", import.meta.url));

/** The level of errors in pino. Client errors have a lower level. */
const errorLevel = 50;

/** Starts a server with the limits of the tests, on a free port and with a new data directory. */
export async function startAbuseServer(options: AbuseServerOptions = {}): Promise<AbuseServer> {
  const data = await mkdtemp(join(tmpdir(), "bourse-abuse-"));
  const logFile = join(data, "log");
  const log = await open(logFile, "w");
  const child = spawn(
    process.execPath,
    [
      "--expose-gc",
      ...(options.maxHeapMegabytes === undefined ? [] : [`--max-old-space-size=${options.maxHeapMegabytes}`]),
      "--disable-warning=ExperimentalWarning",
      program,
      // A rate so low that the growth of the quote log stays within the tolerance.
      "--simulated-rate",
      "20",
      "--demo-orders",
      "0",
      "--port",
      "0",
      "--data",
      data,
      "--log-format",
      "json",
      ...(options.flags ?? []),
    ],
    {
      env: childEnvironment,
      // A file instead of a pipe, so that the server does not wait for a busy test to read its log.
      stdio: ["ignore", "ignore", log.fd, "ipc"],
    },
  );
  await log.close();
  let ending: string | undefined;
  const ended = new Promise<void>((resolve) =>
    child.once("close", (code, signal) => {
      ending = signal ?? `exit code ${code}`;
      resolve();
    }),
  );
  const pid = child.pid ?? 0;

  async function next<Kind extends ServerMessage["kind"]>(kind: Kind): Promise<Extract<ServerMessage, { kind: Kind }>> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: unknown) => {
        const heard = message as ServerMessage;
        if (heard.kind !== kind) return;
        child.off("message", onMessage);
        resolve(heard as Extract<ServerMessage, { kind: Kind }>);
      };
      child.on("message", onMessage);
      void ended.then(() => reject(new Error("the server has ended")));
    });
  }

  function ask(request: ServerRequest): void {
    child.send(request);
  }

  const { url } = await next("up");
  return {
    target: targetAt(url),
    async loggedErrors() {
      const lines = (await readFile(logFile, "utf8")).split("\n").slice(0, -1);
      return lines.filter(isComplaint);
    },
    measure() {
      const numbers = next("numbers");
      ask("measure");
      return numbers;
    },
    use: () => readProcessUse(pid),
    get ending() {
      return ending;
    },
    takePeakRss() {
      const peak = readPeakRss(pid);
      resetPeakRss(pid);
      return peak;
    },
    async takePeakHeap() {
      const peak = next("peakHeap");
      ask("peakHeap");
      return (await peak).bytes;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await rm(data, { recursive: true, force: true });
    },
  };
}

function isComplaint(line: string): boolean {
  try {
    return (JSON.parse(line) as { level: number }).level >= errorLevel;
  } catch {
    return true;
  }
}
