import type { ConnectError } from "@connectrpc/connect";
import type { ReconnectingCallOptions } from "../client/shared/reconnecting-call.ts";
import { isRetryable } from "../client/shared/retry-policy.ts";
import { retryText } from "./retry-text.ts";

/** How many attempts in a row may fail: about a minute, in which a server is started again. */
const maxFailures = 15;

/**
 * How scripts take it that a call breaks: they say so and try again for a minute. Whoever calls a server that does not
 * answer at all wants to know at once.
 *
 * @param isWorthIt whether another attempt may mend it
 */
export function retryPolicy(
  isWorthIt: (reason: ConnectError) => boolean = isRetryable,
): Pick<ReconnectingCallOptions, "onState" | "retry"> {
  let wasLive = false;
  return {
    onState: (state) => {
      wasLive ||= state.kind === "live";
      if (state.kind === "retrying") console.error(retryText("the call", state));
    },
    retry: (reason, failures) => wasLive && failures <= maxFailures && isWorthIt(reason),
  };
}
