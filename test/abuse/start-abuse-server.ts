import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ProcessUse, readPeakRss, readProcessUse, resetPeakRss } from "./process-use.ts";
import type { ServerMessage, ServerNumbers, ServerRequest } from "./server-numbers.ts";
import { type Target, targetAt } from "./target.ts";

/** A server under attack, in a separate process. */
export interface AbuseServer extends AsyncDisposable {
  readonly target: Target;
  /** Errors that the process wrote to standard error, and lines that are not of the log. */
  complaints(): Promise<string[]>;
  /** Collects garbage first: for quiet moments. */
  measure(): Promise<ServerNumbers>;
  /** What the system knows of the process; it costs the server nothing. */
  use(): ProcessUse;
  /** How the process has ended, as in `SIGABRT`; nothing while it runs. */
  readonly ending: string | undefined;
  /** The peak memory since the last call, in bytes. */
  takePeakRss(): number;
  /** The peak heap since the last call, in bytes. The first call only starts the measurement. */
  takePeakHeap(): Promise<number>;
}

/** How the process under attack is started. */
export interface AbuseServerOptions {
  /** What V8 may use for its heap; beyond it the process ends. Default: what Node takes. */
  readonly maxHeapMegabytes?: number;
  /** Further flags of the server. */
  readonly flags?: readonly string[];
}

const program = fileURLToPath(new URL("./abuse-server.ts", import.meta.url));

/** What pino calls an error; what clients get wrong is none. */
const errorLevel = 50;

/** Starts a server with these limits, on a free port, with a new data directory. */
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
      // So slowly that the log, which grows until it is full, is no more of the memory than what is tolerated.
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
      env: { PATH: process.env.PATH },
      // A file and no pipe: the server must not wait for a test that is too busy to read its log.
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
    async complaints() {
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
