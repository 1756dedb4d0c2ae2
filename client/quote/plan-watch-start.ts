import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Cursor,
  type CursorSchema,
  PauseMode,
  type WatchCommand,
  WatchCommandSchema,
} from "../../gen/bourse/quote/v1/quote_pb.ts";
import { allSymbols, type DesiredState, type DesiredSubscription } from "./desired-subscriptions.ts";

/** The maximum number of symbols in the first request of a stream. */
export const maxStartSymbols = 10_000;

/** The id of commands that restore the state of an earlier stream. The ids of callers start at 1. */
export const restoreCommandId = 0n;

export interface WatchStartOptions {
  readonly desired: DesiredState;
  /** The commands without a result, in order. */
  readonly pending: readonly WatchCommand[];
  /** The cursor of the watch. Undefined before the first one. */
  readonly cursor: Cursor | undefined;
  /** Whether the subscriptions, except those of unseen symbols, can resume from the cursor. */
  readonly isResumable: boolean;
  /** The start before there is a cursor. */
  readonly from: "snapshot" | "oldest" | MessageInitShape<typeof CursorSchema>;
}

/** The content of the first request of a stream. */
export interface WatchStart {
  readonly symbols: string[];
  /** Undefined: a snapshot. */
  readonly position: ReturnType<typeof toPosition>;
  /** The commands that restore the desired state. There may be more than one request can have. */
  readonly commands: WatchCommand[];
  /** The pending subscribe command whose symbols the stream starts with, if no other symbols are desired. */
  readonly carriedCommandId: bigint | undefined;
}

/**
 * Plans the first request of the next stream. A stream that resumes sends no snapshots, so it does not start with symbols
 * that have no quote yet. A command subscribes to them.
 */
export function planWatchStart({ desired, pending, cursor, isResumable, from }: WatchStartOptions): WatchStart {
  const firstPosition = cursor === undefined ? toPosition(from) : undefined;
  if (desired.symbols.size === 0) return startWithPending(pending, firstPosition);
  const { unseen } = desired;
  const symbols = unseen.size === 0 ? namesOf(desired) : seenOf(desired);
  const commands = [...pauseCommands(desired), ...rateCommands(desired)];
  if (cursor === undefined || !isResumable || symbols.length === 0) {
    return { symbols: namesOf(desired), position: firstPosition, commands, carriedCommandId: undefined };
  }
  if (unseen.size > 0) {
    const added = desired.symbols.has(allSymbols) ? [allSymbols] : [...unseen];
    commands.unshift(toCommand({ case: "subscribe", value: { symbols: added } }));
  }
  return { symbols, position: toPosition(cursor), commands, carriedCommandId: undefined };
}

/** Starts with the symbols of one pending command only: if the server refuses the start, that command is the reason. */
function startWithPending(pending: readonly WatchCommand[], position: WatchStart["position"]): WatchStart {
  for (const { id, command } of pending) {
    if (command.case !== "subscribe") continue;
    const { symbols, maxRate } = command.value;
    const commands = maxRate === undefined ? [] : [toCommand({ case: "setRate", value: { symbols, maxRate } })];
    return { symbols, position, commands, carriedCommandId: id };
  }
  return { symbols: [], position, commands: [], carriedCommandId: undefined };
}

function toPosition(from: WatchStartOptions["from"]) {
  switch (from) {
    case "snapshot":
      return undefined;
    case "oldest":
      return { case: "fromOldest" as const, value: true };
    default:
      return { case: "resumeAfter" as const, value: from };
  }
}

/** The requested symbols. If they exceed the limit, only the accepted ones. */
function namesOf({ symbols, subscribed }: DesiredState): string[] {
  if (symbols.has(allSymbols)) return [allSymbols];
  return symbols.size > maxStartSymbols ? [...symbols].filter((symbol) => subscribed.has(symbol)) : [...symbols];
}

function seenOf(desired: DesiredState): string[] {
  const names = desired.symbols.has(allSymbols) ? [...desired.subscribed.keys()] : namesOf(desired);
  return names.filter((symbol) => !desired.unseen.has(symbol));
}

function rateCommands({ subscribed, maxRate: streamRate }: DesiredState): WatchCommand[] {
  const groups = groupSymbols(subscribed, ({ maxRate }) => (maxRate === streamRate ? undefined : maxRate));
  return Array.from(groups, ([maxRate, symbols]) =>
    toCommand({ case: "setRate", value: { symbols, ...(maxRate > 0 && { maxRate }) } }),
  );
}

function pauseCommands({ subscribed }: DesiredState): WatchCommand[] {
  const groups = groupSymbols(subscribed, ({ paused }) => (paused === PauseMode.UNSPECIFIED ? undefined : paused));
  return Array.from(groups, ([mode, symbols]) => toCommand({ case: "pause", value: { symbols, mode } }));
}

/** Groups the symbols by a key of their subscriptions. Leaves out those whose key is undefined. */
function groupSymbols<Key>(
  subscribed: ReadonlyMap<string, DesiredSubscription>,
  keyOf: (subscription: DesiredSubscription) => Key | undefined,
): ReadonlyMap<Key, string[]> {
  const groups = new Map<Key, string[]>();
  for (const [symbol, subscription] of subscribed) {
    const key = keyOf(subscription);
    if (key === undefined) continue;
    const symbols = groups.get(key);
    if (symbols === undefined) groups.set(key, [symbol]);
    else symbols.push(symbol);
  }
  return groups;
}

function toCommand(command: MessageInitShape<typeof WatchCommandSchema>["command"]): WatchCommand {
  return create(WatchCommandSchema, { id: restoreCommandId, ...(command && { command }) });
}
