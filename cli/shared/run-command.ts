import type { Command } from "commander";
import type { CommonOptions } from "./common-options.ts";
import { exitCodes } from "./exit-codes.ts";
import { formatCommandError } from "./format-command-error.ts";
import { OutputClosedError, standardOutput } from "./standard-output.ts";
import { escapeControls, printError } from "./terminal-output.ts";

/** What a command gets. */
export interface CommandContext<Options extends CommonOptions> {
  readonly args: readonly string[];
  readonly options: Options;
  /** Aborts on SIGINT and SIGTERM, after `--timeout`, and if standard output ends. */
  readonly signal: AbortSignal;
  /** Prints a line to standard output, with control characters escaped. Waits for a slow reader. */
  print(line: string): Promise<void>;
  /** Writes a text to standard output, unchanged. Waits for a slow reader. */
  write(text: string): Promise<void>;
  /** Prints a note to standard error, unless `--quiet` or `--json` is set. */
  note(line: string): void;
}

/** What a command does. Returns its exit code; undefined: success, or the code of the reason why the signal aborted. */
export type CommandAction<Options extends CommonOptions> = (
  context: CommandContext<Options>,
) => Promise<number | undefined> | Promise<void>;

/**
 * Returns the action of a command for commander. SIGINT, SIGTERM and a closed standard output end the command without a
 * message. An error prints one sentence to standard error. Sets the exit code of the process.
 */
export function runCommand<Options extends CommonOptions>(
  action: CommandAction<Options>,
): (this: Command) => Promise<void> {
  return async function (this: Command): Promise<void> {
    const options = this.opts<Options>();
    using end = new CommandEnd(options.timeout);
    const { signal } = end;
    let code: number;
    try {
      const result = (await action({
        args: this.args,
        options,
        signal,
        print: (line) => standardOutput.write(`${escapeControls(line)}\n`, signal),
        write: (text) => standardOutput.write(text, signal),
        note: (line) => {
          if (!options.quiet && !options.json) printError(line);
        },
      })) as number | undefined;
      code = result ?? end.exitCode;
    } catch (error) {
      code = signal.aborted ? end.exitCode : exitCodes.error;
      if (!signal.aborted) printError(formatCommandError(error, "address" in options ? String(options.address) : ""));
    }
    if (signal.reason instanceof CommandTimeoutError) printError(signal.reason.message);
    standardOutput.setExitCode(code);
    if (signal.aborted) exitSoon();
  };
}

/** SIGINT or SIGTERM has arrived. */
class InterruptedError extends Error {
  readonly exitCode: number;

  constructor(signal: InterruptSignal) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCodeOfSignal[signal];
  }
}

class CommandTimeoutError extends Error {
  constructor(seconds: number) {
    super(`the command has not ended within ${seconds} s (--timeout): a longer time may help`);
  }
}

type InterruptSignal = "SIGINT" | "SIGTERM";

const exitCodeOfSignal = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;

/** A signal to a process group arrives twice, once through npm: only a signal after this time, in ms, is a second one. */
const secondSignalAfterMs = 1_000;

/** Everything that ends a command early. */
class CommandEnd implements Disposable {
  readonly #end = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  #lastResort: NodeJS.Timeout | undefined;
  #interruptedAt: number | undefined;
  #isOver = false;

  constructor(timeoutSeconds: number | undefined) {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, this.#interrupt);
    this.signal.addEventListener("abort", () => this.#endLater(), { once: true });
    const { signal: output } = standardOutput;
    if (output.aborted) this.#end.abort(output.reason);
    output.addEventListener("abort", () => this.#end.abort(output.reason), { once: true });
    if (timeoutSeconds === undefined) return;
    this.#timer = setTimeout(() => this.#end.abort(new CommandTimeoutError(timeoutSeconds)), timeoutSeconds * 1_000);
  }

  /** Ends a process whose command does not end, as when a file or a named pipe blocks. */
  #endLater(): void {
    this.#lastResort = setTimeout(() => endBySignal("SIGTERM"), endWithinMs).unref();
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** The exit code of a command that does not set one. */
  get exitCode(): number {
    const { reason } = this.signal;
    if (reason instanceof InterruptedError) return reason.exitCode;
    if (reason instanceof CommandTimeoutError) return exitCodes.timedOut;
    if (reason === undefined || reason instanceof OutputClosedError) return exitCodes.success;
    return exitCodes.error;
  }

  /** Ends the calls of the command. A later signal ends the process at once. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#end.abort();
    clearTimeout(this.#lastResort);
  }

  readonly #interrupt = (signal: InterruptSignal): void => {
    const now = performance.now();
    const isAfterwards = this.#isOver && this.#interruptedAt === undefined;
    this.#interruptedAt ??= now;
    const isSecond = now - this.#interruptedAt >= secondSignalAfterMs;
    if (isAfterwards) process.exit(exitCodeOfSignal[signal]);
    if (isSecond) endBySignal(signal);
    else this.#end.abort(new InterruptedError(signal));
  };
}

/** How long a command may take after it was to end, in milliseconds. `publish` waits five seconds for a response. */
const endWithinMs = 10_000;

/**
 * Ends the process by a signal. `process.exit` would wait for the threads of Node, and a thread that opens a named pipe
 * without a writer never ends.
 */
function endBySignal(signal: InterruptSignal): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** How long a process that was ended early may wait for its streams and sockets, in milliseconds. */
const exitWithinMs = 1_000;

/** Ends the process even if the reader of standard output has stopped reading, or if an input stays open. */
function exitSoon(): void {
  setTimeout(() => process.exit(), exitWithinMs).unref();
}
