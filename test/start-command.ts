import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** A command of `bourse` in a separate process. */
export interface CommandProcess {
  readonly process: ChildProcess;
  /** Resolves when it has ended. */
  readonly done: Promise<CommandResult>;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
}

/** Starts a command as `npm run bourse -- ARGS` does. @param env variables that are added to the environment */
export function startCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}): CommandProcess {
  const child = spawn(process.execPath, ["cli/main.ts", ...args], { env: { ...process.env, ...env } });
  const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
  const done = Promise.all([text(child.stdout), text(child.stderr), exitCode]).then(
    ([stdout, stderr, code]): CommandResult => ({ stdout, stderr, exitCode: code }),
  );
  return { process: child, done };
}
