import { backOff } from "../../shared/back-off.ts";

/** Where the page's one stream of quotes is. */
export type StreamState =
  /** There is nothing to watch, or the page is not open. */
  | { readonly kind: "idle" }
  /** An attempt is under way, after so many failures in a row. */
  | { readonly kind: "connecting"; readonly failures: number }
  /** The server has answered. */
  | { readonly kind: "live" }
  /** The stream was lost and is tried again at `retryAt`, in milliseconds of the clock that events carry. */
  | { readonly kind: "waiting"; readonly failures: number; readonly retryAt: number; readonly reason: string }
  /** The server will not serve this however often it is asked. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The user has ended it. */
  | { readonly kind: "stopped" };

/** What happens to the stream. */
export type StreamEvent =
  /** The page opens, or the user starts it. */
  | { readonly kind: "start" }
  /** The user ends it. */
  | { readonly kind: "stop" }
  /** The page closes, or nothing is left to watch. */
  | { readonly kind: "close" }
  /** The symbols are others now: the stream has to begin anew. */
  | { readonly kind: "change" }
  /** The first response came. */
  | { readonly kind: "opened" }
  /** The stream broke, fell silent or ended at `now`; `random` is from 0 to below 1. */
  | { readonly kind: "lost"; readonly reason: string; readonly now: number; readonly random: number }
  /** The server refused for good. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The wait is over, or the user does not want to wait. */
  | { readonly kind: "retry" };

/**
 * The state after an event. The same object is returned where the event changes nothing; another `connecting` object
 * means that a new attempt has to begin in place of the one before.
 */
export function nextStreamState(state: StreamState, event: StreamEvent): StreamState {
  switch (event.kind) {
    case "start":
      return started(state);
    case "stop":
      return state.kind === "idle" || state.kind === "stopped" ? state : { kind: "stopped" };
    case "close":
      return state.kind === "idle" ? state : { kind: "idle" };
    case "change":
      return state.kind === "stopped" ? state : { kind: "connecting", failures: failuresOf(state) };
    case "opened":
      return state.kind === "connecting" ? { kind: "live" } : state;
    case "lost":
      return isOpen(state) ? waiting(failuresOf(state) + 1, event) : state;
    case "refused":
      return isOpen(state) ? { kind: "refused", reason: event.reason } : state;
    case "retry":
      return state.kind === "waiting" ? { kind: "connecting", failures: state.failures } : state;
  }
}

/** Whether a call to the server is under way. */
export function isOpen(state: StreamState): boolean {
  return state.kind === "connecting" || state.kind === "live";
}

function started(state: StreamState): StreamState {
  switch (state.kind) {
    case "connecting":
    case "live":
      return state;
    case "waiting":
      return { kind: "connecting", failures: state.failures };
    case "idle":
    case "refused":
    case "stopped":
      return { kind: "connecting", failures: 0 };
  }
}

function waiting(failures: number, event: StreamEvent & { kind: "lost" }): StreamState {
  return { kind: "waiting", failures, retryAt: event.now + backOff(failures, event.random), reason: event.reason };
}

function failuresOf(state: StreamState): number {
  return state.kind === "connecting" || state.kind === "waiting" ? state.failures : 0;
}
