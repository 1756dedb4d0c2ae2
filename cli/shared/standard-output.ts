import { once } from "node:events";
import { exitCodes } from "./exit-codes.ts";
import { printError } from "./terminal-output.ts";

/** The reader has closed standard output, as in `| head`. Not an error: it has read enough. */
export class OutputClosedError extends Error {
  override name = "OutputClosedError";
}

/** Standard output cannot be written, as on a full disk. */
export class OutputFailedError extends Error {
  override name = "OutputFailedError";
}

/** The standard output of the process. Reports a failed write once, and then sets exit code 1. */
class StandardOutput {
  readonly #end = new AbortController();

  constructor() {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => this.#fail(error));
    // A message that nobody reads is lost; without a listener the error would end the process.
    process.stderr.on("error", () => {});
  }

  /** Aborts with an {@link OutputClosedError} or an {@link OutputFailedError}. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Writes a text. Waits for a slow reader until the signal aborts. Rejects if the output has ended. */
  async write(text: string, signal: AbortSignal): Promise<void> {
    this.signal.throwIfAborted();
    if (process.stdout.write(text) || signal.aborted) return;
    await once(process.stdout, "drain", { signal });
  }

  /** Sets the exit code of the process: 1 if the output has failed. */
  setExitCode(code: number): void {
    process.exitCode = this.signal.reason instanceof OutputFailedError ? exitCodes.error : code;
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.signal.aborted) return;
    if (error.code === "EPIPE") {
      this.#end.abort(new OutputClosedError("standard output was closed"));
      return;
    }
    this.#end.abort(new OutputFailedError(error.message));
    printError(`standard output cannot be written: ${error.message}`);
    this.setExitCode(exitCodes.error); // the write may fail after the command has ended
  }
}

export const standardOutput = new StandardOutput();
