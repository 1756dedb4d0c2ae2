import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "./child-environment.ts";
import { npmStartNodeFlags } from "./node-flags.ts";

/** A server in a separate process, as `npm start` runs it, with a separate data directory. */
export interface BourseProcess extends AsyncDisposable {
  /** As in `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly process: ChildProcess;
  readonly dataDirectory: string;
  /** What it has written on standard error so far: its log. */
  readonly log: () => string;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** How a process ended that was to start, but did not. */
export class NotStartedError extends Error {
  readonly exitCode: number | NodeJS.Signals;
  readonly stderr: string;

  constructor(exitCode: number | NodeJS.Signals, stderr: string) {
    super(`the server ended with ${exitCode} before it printed its address: ${stderr}`);
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

const mainFile = fileURLToPath(new URL("../server/main.ts", import.meta.url));

/** Two hundred thousand orders would be made beside each test. One that wants some has `--demo-orders` in its arguments. */
const withoutDemoOrders = ["--demo-orders", "0"];

/**
 * Starts a server on a free port, and waits until it has printed its address. Rejects with a {@link NotStartedError}
 * where it ends before. Disposing of it kills it and removes its data directory, unless that was given.
 *
 * @param runUnder the program that runs it, and its arguments, as in `["strace", "-f"]`
 * @param nodeFlags flags of Node besides those of `npm start`
 */
export async function startBourse(
  args: readonly string[] = [],
  dataDirectory?: string,
  runUnder: readonly string[] = [],
  nodeFlags: readonly string[] = [],
): Promise<BourseProcess> {
  const directory = dataDirectory ?? (await mkdtemp(join(tmpdir(), "bourse-data-")));
  const settings = ["--port", "0", "--data", directory, ...withoutDemoOrders, ...args];
  const server = [process.execPath, ...npmStartNodeFlags, ...nodeFlags, mainFile, ...settings];
  const [program = process.execPath, ...rest] = [...runUnder, ...server];
  const child = spawn(program, rest, {
    env: childEnvironment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "SIGKILL"));
  });
  const url = await new Promise<string>((resolve, reject) => {
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const address = /https?:\/\/\S+(?=\n)/.exec(stdout)?.[0];
      if (address !== undefined) resolve(address);
    });
    void ended.then((code) => reject(new NotStartedError(code, stderr)));
  });
  return {
    url,
    process: child,
    dataDirectory: directory,
    log: () => stderr,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      if (dataDirectory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
