import { Code, ConnectError } from "@connectrpc/connect";

/** What the exit code of a script says, besides 0 and, for an error, 1. */
export const exitCodes = {
  /** Some of what was to be brought in was refused, and all else is there. */
  rejected: 2,
  /** Ctrl-C or a closed pipe ended it, as shells have it: run it again to go on. */
  interrupted: 130,
} as const;

/**
 * Runs a script that calls a server: Ctrl-C and a closed pipe end it quietly, and an error, of a call or its own, is a
 * sentence on standard error and exit code 1.
 *
 * @param address the server's URL, for the sentence
 * @param script gets a signal that ends its calls
 */
export async function runScript(address: string, script: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end.abort());
  process.stdout.on("error", () => end.abort()); // as in `| head`
  try {
    await script(end.signal);
  } catch (error) {
    if (end.signal.aborted) return;
    process.exitCode = 1;
    console.error(error instanceof ConnectError ? sentence(error, address) : (error as Error).message);
  } finally {
    end.abort();
  }
}

function sentence(error: ConnectError, address: string): string {
  const refused = String((error.cause as { code?: unknown } | undefined)?.code ?? error.rawMessage);
  if (error.code === Code.Unavailable && /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH/.test(refused)) {
    return `cannot connect to ${address}: is the server running? npm start`;
  }
  return `${address} answered ${Code[error.code]}: ${error.rawMessage}`;
}
