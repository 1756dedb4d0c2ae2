import { spawn } from "node:child_process";
import { once } from "node:events";

const killAfterMs = 15_000; // longer than the server's grace period

const reportedChars = 2_000; // the part of a long output in an error message

/** A command that runs in a shell, in the project's folder. */
export class ShellCommand implements AsyncDisposable {
  readonly #command: string;
  readonly #child;
  readonly #closed: Promise<unknown>;
  #output = "";
  #ended = false;
  #change = Promise.withResolvers<void>();

  constructor(command: string, environment: Record<string, string> = {}) {
    this.#command = command;
    // A separate process group, so that a signal reaches the child processes of the shell, like Ctrl-C.
    this.#child = spawn("sh", ["-c", command], {
      cwd: new URL("../..", import.meta.url),
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = once(this.#child, "close").then(() => {
      this.#ended = true;
      this.#change.resolve();
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        this.#change.resolve();
      });
    }
  }

  /** Waits until the output matches. Throws, with the end of the output, if the command ends before. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match) return match;
      if (this.#ended) {
        const end = this.#output.slice(-reportedChars);
        throw new Error(
          `\`${this.#command}\` ended without printing ${pattern}. The end of what it did print:\n${end}`,
        );
      }
      await this.#change.promise;
      if (!this.#ended) this.#change = Promise.withResolvers();
    }
  }

  /** Sends SIGTERM, and SIGKILL later. Resolves to the exit code after all its processes have ended. */
  async end(): Promise<number | null> {
    this.#signal("SIGTERM");
    const kill = setTimeout(() => this.#signal("SIGKILL"), killAfterMs);
    await this.#closed;
    clearTimeout(kill);
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    } catch {
      // It has already ended.
    }
  }
}
