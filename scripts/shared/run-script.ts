import { Code, ConnectError } from "@connectrpc/connect";
import { printError } from "./terminal-output.ts";

/** The exit codes of scripts, besides 0 for success and 1 for an error. */
export const exitCodes = {
  /** Some lines of the input were rejected. All others are stored. */
  rejected: 2,
  /** A signal or a closed pipe ended the script, as shells report it. A second run resumes. */
  interrupted: 130,
} as const;

/**
 * Runs a script that calls a server. SIGINT, SIGTERM and a closed pipe end it without a message. An error prints one
 * sentence to standard error, and sets exit code 1.
 *
 * @param address the URL of the server, for the sentence
 * @param script gets a signal that ends its calls
 */
export async function runScript(address: string, script: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end.abort());
  process.stdout.on("error", () => end.abort()); // a closed pipe, as in `| head`
  try {
    await script(end.signal);
  } catch (error) {
    if (end.signal.aborted) return;
    process.exitCode = 1;
    printError(error instanceof ConnectError ? formatError(error, address) : (error as Error).message);
  } finally {
    end.abort();
  }
}

function formatError(error: ConnectError, address: string): string {
  const cause = String((error.cause as { code?: unknown } | undefined)?.code ?? error.rawMessage);
  if (error.code === Code.Unavailable && /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH/.test(cause)) {
    return `cannot connect to ${address}: is the server running? npm start`;
  }
  return `${address} returned ${Code[error.code]}: ${error.rawMessage}`;
}
