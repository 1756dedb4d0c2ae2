import { realpath } from "node:fs/promises";

/** System calls that fail in a command and its child processes. */
export interface Fault {
  /** The names of the calls, for example `fsync,fdatasync`. */
  readonly calls: string;
  /** The error code, for example `EIO`. */
  readonly error: string;
  /** The calls that fail, counted from 1 in each thread, in the format of strace: `10+` is all from the tenth on. */
  readonly when: string;
  /** The file whose calls fail. Its folder must exist. Absent: all calls fail. */
  readonly file?: string;
}

/**
 * Returns the prefix of a server's command, which injects the errors with strace.
 *
 * @param trace the path of the trace
 */
export function withFault(trace: string, { calls, error, when, file }: Fault): string[] {
  const injected = ["-e", `trace=${calls}`, "-e", `inject=${calls}:error=${error}:when=${when}`];
  // With -D the child process is the server, not strace. -P requires the path of the kernel.
  return ["strace", "-D", "-f", "-yy", "-o", trace, ...injected, ...(file === undefined ? [] : ["-P", file])];
}

/** Returns the path without symbolic links of a file that may not exist, in a folder that exists. */
export async function realPathIn(folder: string, name: string): Promise<string> {
  return `${await realpath(folder)}/${name}`;
}
