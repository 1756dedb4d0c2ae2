import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ProcessUse, readProcessUse } from "./process-use.ts";
import type { ServerMessage, ServerNumbers } from "./server-numbers.ts";
import { type Target, targetAt } from "./target.ts";

/** A server under attack, in a process of its own. */
export interface AbuseServer extends AsyncDisposable {
  readonly target: Target;
  /** What the process has said on standard error that is an error, or no line of the log. */
  complaints(): Promise<string[]>;
  /** Collects garbage first: for quiet moments. */
  measure(): Promise<ServerNumbers>;
  /** What the system knows of the process; it costs the server nothing. */
  use(): ProcessUse;
}

const program = fileURLToPath(new URL("./abuse-server.ts", import.meta.url));

/** What pino calls an error; what clients get wrong is none. */
const errorLevel = 50;

/** Starts a server with the limits it has, on a free port and a data directory of its own. */
export async function startAbuseServer(): Promise<AbuseServer> {
  const data = await mkdtemp(join(tmpdir(), "bourse-abuse-"));
  const logFile = join(data, "log");
  const log = await open(logFile, "w");
  const child = spawn(
    process.execPath,
    [
      "--expose-gc",
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
    ],
    {
      env: { PATH: process.env.PATH },
      // A file and no pipe: the server must not wait for a test that is too busy to read its log.
      stdio: ["ignore", "ignore", log.fd, "ipc"],
    },
  );
  await log.close();
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));

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

  const { url } = await next("up");
  return {
    target: targetAt(url),
    async complaints() {
      const lines = (await readFile(logFile, "utf8")).split("\n").slice(0, -1);
      return lines.filter(isComplaint);
    },
    measure() {
      const numbers = next("numbers");
      child.send("measure");
      return numbers;
    },
    use: () => readProcessUse(child.pid ?? 0),
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
