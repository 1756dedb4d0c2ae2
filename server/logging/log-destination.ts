import { writeSync } from "node:fs";
import { Writable } from "node:stream";

/** How long a line may block the server while the reader of the log is slow, in milliseconds; then the line is lost. */
const maxWaitMs = 100;

/** How long until the next attempt, in milliseconds. */
const retryMs = 5;

/** Writes bytes to a file descriptor at once, and returns how many; throws an error of the system. */
export type WriteBytes = (fd: number, bytes: Uint8Array) => number;

/**
 * Where the log goes: a file descriptor, to which each line is written at once. A line that cannot be written is lost,
 * whether the disk is full, or the terminal is gone, or nobody reads: the server continues. As soon as lines can be
 * written again, one reports how many were lost.
 */
export class LogDestination extends Writable {
  readonly #fd: number;
  readonly #writeBytes: WriteBytes;
  #lost = 0;
  /** Whether the last line that was written has its end. */
  #isWhole = true;

  constructor(fd: number, writeBytes: WriteBytes = writeSync) {
    super({ decodeStrings: true });
    this.#fd = fd;
    this.#writeBytes = writeBytes;
  }

  override _write(line: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const text = `${this.#isWhole ? "" : "\n"}${this.#lost === 0 ? "" : lostLine(this.#lost)}`;
    if (this.#tryWrite(text === "" ? line : Buffer.concat([Buffer.from(text), line]))) this.#lost = 0;
    else this.#lost++;
    done();
  }

  #tryWrite(bytes: Uint8Array): boolean {
    let rest = bytes;
    let waitedMs = 0;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(this.#writeBytes(this.#fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || waitedMs >= maxWaitMs) break;
        Atomics.wait(sleeper, 0, 0, retryMs);
        waitedMs += retryMs;
      }
    }
    if (rest.length < bytes.length) this.#isWhole = rest.length === 0;
    return rest.length === 0;
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** A line as the log has them: level 40 is a warning. */
function lostLine(lines: number): string {
  return `${JSON.stringify({ level: 40, time: Date.now(), lines, msg: "lines of the log could not be written" })}\n`;
}
