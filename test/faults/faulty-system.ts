import { realpath } from "node:fs/promises";

/** A call of the system that fails, for the processes below a command. */
export interface Fault {
  /** The calls, as in `fsync,fdatasync`. */
  readonly calls: string;
  /** What they fail with, as in `EIO`. */
  readonly error: string;
  /** Which of them fail, counted from 1 for each thread, as strace has it: `10+` is all from the tenth on. */
  readonly when: string;
  /** Only calls about this file fail. Its folder must be there. Absent: calls about any file, or none. */
  readonly file?: string;
}

/**
 * The beginning of a command, to be put before that of a server, which makes the kernel answer its calls with errors.
 *
 * @param trace where strace writes what it sees
 */
export function withFault(trace: string, { calls, error, when, file }: Fault): string[] {
  const injected = ["-e", `trace=${calls}`, "-e", `inject=${calls}:error=${error}:when=${when}`];
  // With -D the server itself is the child, and not strace. -P wants the path that the kernel knows.
  return ["strace", "-D", "-f", "-yy", "-o", trace, ...injected, ...(file === undefined ? [] : ["-P", file])];
}

/** The path of a file that need not be there, in a folder that is: without symbolic links. */
export async function realPathIn(folder: string, name: string): Promise<string> {
  return `${await realpath(folder)}/${name}`;
}
