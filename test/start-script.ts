import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** A script of scripts/ in a separate process. */
export interface ScriptProcess {
  readonly process: ChildProcess;
  /** Resolves when it has ended. */
  readonly done: Promise<ScriptResult>;
}

export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
}

/** Starts a script as `npm run NAME -- ARGS` does. */
export function startScript(name: string, args: readonly string[]): ScriptProcess {
  const child = spawn(process.execPath, [`scripts/${name}.ts`, ...args]);
  const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
  const done = Promise.all([text(child.stdout), text(child.stderr), exitCode]).then(
    ([stdout, stderr, code]): ScriptResult => ({ stdout, stderr, exitCode: code }),
  );
  return { process: child, done };
}
