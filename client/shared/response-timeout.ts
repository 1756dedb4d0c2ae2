import { Code, ConnectError } from "@connectrpc/connect";
import type { Timers } from "./timers.ts";

/** How long a server may take to answer a call, in milliseconds: as long as it waits itself for a request. */
export const responseTimeoutMs = 60_000;

/**
 * Makes a call, and gives it up with UNAVAILABLE when the answer does not come in time: a line that has died silently
 * says nothing for ever.
 */
export async function withResponseTimeout<T>(
  { timers, signal }: { readonly timers: Timers; readonly signal: AbortSignal },
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const late = new AbortController();
  const stop = timers.after(responseTimeoutMs, () =>
    late.abort(new ConnectError(`no answer came for ${responseTimeoutMs / 1000} s`, Code.Unavailable)),
  );
  try {
    return await call(AbortSignal.any([signal, late.signal]));
  } catch (reason) {
    throw late.signal.aborted ? late.signal.reason : reason;
  } finally {
    stop();
  }
}
