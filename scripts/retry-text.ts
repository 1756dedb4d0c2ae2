import type { ConnectError } from "@connectrpc/connect";

/** What scripts say when they lost something, as in `the call was lost (…): the next attempt begins in 0.5 s`. */
export function retryText(what: string, state: { readonly reason: ConnectError; readonly delayMs: number }): string {
  const seconds = (state.delayMs / 1000).toFixed(1);
  return `${what} was lost (${state.reason.rawMessage}): the next attempt begins in ${seconds} s`;
}
