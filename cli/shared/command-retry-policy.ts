import type { ConnectError } from "@connectrpc/connect";
import type { CallRetryOptions } from "../../client/shared/call-retry-tracker.ts";
import { isRetryable } from "../../client/shared/retry-policy.ts";
import { printError } from "./terminal-output.ts";

/**
 * The maximum number of retries in a row. With their delays they take about a minute, which is enough for a restart of
 * the server.
 */
const maxFailures = 15;

/**
 * Returns options of a call of a command: prints each failure, and retries for about a minute. If the first attempt fails,
 * the command ends at once, because the address may be wrong.
 */
export function commandRetryPolicy(
  canRetry: (reason: ConnectError) => boolean = isRetryable,
): Pick<CallRetryOptions, "onState" | "retry"> {
  let wasLive = false;
  return {
    onState: (state) => {
      wasLive ||= state.kind === "live";
      if (state.kind === "retrying") printError(formatRetry("the call", state));
    },
    retry: (reason, failures) => wasLive && failures <= maxFailures && canRetry(reason),
  };
}

/** The message before a retry, as in `the call has failed (…): the next attempt starts in 0.5 s`. */
export function formatRetry(what: string, state: { readonly reason: ConnectError; readonly delayMs: number }): string {
  const seconds = (state.delayMs / 1000).toFixed(1);
  return `${what} has failed (${state.reason.rawMessage}): the next attempt starts in ${seconds} s`;
}
