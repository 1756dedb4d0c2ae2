import { writeSync } from "node:fs";
import { Writable } from "node:stream";

/** How long a line may block the server if the reader of the log is slow, in milliseconds. Then the line is dropped. */
const maxWaitMs = 100;

/** The delay before the next attempt, in milliseconds. */
const retryMs = 5;

/** Writes bytes to a file descriptor synchronously. Returns the number of written bytes; throws a system error. */
export type WriteBytes = (fd: number, bytes: Uint8Array) => number;

/**
 * Writes each line of the log to a file descriptor, synchronously. Drops a line that cannot be written, because the disk
 * is full, the terminal is closed or the reader of the pipe is stalled; the server continues. The next line that can be
 * written follows a line with the number of dropped lines.
 */
export class LogDestination extends Writable {
  readonly #fd: number;
  readonly #writeBytes: WriteBytes;
  #dropped = 0;
  /** Whether the last line was written completely. */
  #isComplete = true;

  constructor(fd: number, writeBytes: WriteBytes = writeSync) {
    super({ decodeStrings: true });
    this.#fd = fd;
    this.#writeBytes = writeBytes;
  }

  override _write(line: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const text = `${this.#isComplete ? "" : "\n"}${this.#dropped === 0 ? "" : droppedLine(this.#dropped)}`;
    if (this.#tryWrite(text === "" ? line : Buffer.concat([Buffer.from(text), line]))) this.#dropped = 0;
    else this.#dropped++;
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
    if (rest.length < bytes.length) this.#isComplete = rest.length === 0;
    return rest.length === 0;
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Returns a line in the format of pino. Level 40 is a warning. */
function droppedLine(lines: number): string {
  return `${JSON.stringify({ level: 40, time: Date.now(), lines, msg: "lines of the log could not be written" })}\n`;
}
