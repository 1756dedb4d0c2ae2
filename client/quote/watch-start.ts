import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Cursor,
  type CursorSchema,
  PauseMode,
  type WatchCommand,
  WatchCommandSchema,
} from "../../gen/bourse/quote/v1/quote_pb.ts";
import { allSymbols, type DesiredState, type DesiredSubscription } from "./desired-subscriptions.ts";

/** The most symbols that a start takes. */
export const maxStartSymbols = 10_000;

/** The number of the commands that bring a stream to what the one before was; those of callers start at 1. */
export const reapplied = 0n;

export interface WatchStartOptions {
  readonly wishes: DesiredState;
  /** The commands that have not been answered, in order. */
  readonly pending: readonly WatchCommand[];
  /** The place that was got to. Undefined where there is none yet. */
  readonly cursor: Cursor | undefined;
  /** Whether what is wished for can go on from there, apart from the unseen symbols. */
  readonly isResumable: boolean;
  /** Where to begin as long as there is no place. */
  readonly from: "snapshot" | "oldest" | MessageInitShape<typeof CursorSchema>;
}

/** What a stream is to be asked for. */
export interface WatchStart {
  readonly symbols: string[];
  /** Undefined: a snapshot. */
  readonly position: ReturnType<typeof beginning>;
  /** What makes it as the stream before was. May be more than a start takes. */
  readonly commands: WatchCommand[];
  /** The pending command whose symbols it asks for, where nothing else is wished for. */
  readonly carried: bigint | undefined;
}

/**
 * What the next stream is to be asked for. One that resumes leaves out symbols of which nothing was received yet, and
 * subscribes to them by a command: their snapshot would not come otherwise.
 */
export function watchStart({ wishes, pending, cursor, isResumable, from }: WatchStartOptions): WatchStart {
  const first = cursor === undefined ? beginning(from) : undefined;
  if (wishes.symbols.size === 0) return carrying(pending, first);
  const { unseen } = wishes;
  const symbols = unseen.size === 0 ? namesOf(wishes) : seenOf(wishes);
  const commands = [...pauseCommands(wishes), ...rateCommands(wishes)];
  if (cursor === undefined || !isResumable || symbols.length === 0) {
    return { symbols: namesOf(wishes), position: first, commands, carried: undefined };
  }
  if (unseen.size > 0) {
    const late = wishes.symbols.has(allSymbols) ? [allSymbols] : [...unseen];
    commands.unshift(commandOf({ case: "subscribe", value: { symbols: late } }));
  }
  return { symbols, position: beginning(cursor), commands, carried: undefined };
}

/** One alone: if the server refuses it, it is known which. */
function carrying(pending: readonly WatchCommand[], position: WatchStart["position"]): WatchStart {
  for (const { id, command } of pending) {
    if (command.case !== "subscribe") continue;
    const { symbols, maxRate } = command.value;
    const commands = maxRate === undefined ? [] : [commandOf({ case: "setRate", value: { symbols, maxRate } })];
    return { symbols, position, commands, carried: id };
  }
  return { symbols: [], position, commands: [], carried: undefined };
}

function beginning(from: WatchStartOptions["from"]) {
  switch (from) {
    case "snapshot":
      return undefined;
    case "oldest":
      return { case: "fromOldest" as const, value: true };
    default:
      return { case: "resumeAfter" as const, value: from };
  }
}

/** Where they are too many, those that the server refused before are left out. */
function namesOf({ symbols, subscribed }: DesiredState): string[] {
  if (symbols.has(allSymbols)) return [allSymbols];
  return symbols.size > maxStartSymbols ? [...symbols].filter((symbol) => subscribed.has(symbol)) : [...symbols];
}

function seenOf(wishes: DesiredState): string[] {
  const names = wishes.symbols.has(allSymbols) ? [...wishes.subscribed.keys()] : namesOf(wishes);
  return names.filter((symbol) => !wishes.unseen.has(symbol));
}

function rateCommands({ subscribed, maxRate: usual }: DesiredState): WatchCommand[] {
  return groups(subscribed, ({ maxRate }) => (maxRate === usual ? undefined : maxRate)).map(([maxRate, symbols]) =>
    commandOf({ case: "setRate", value: { symbols, ...(maxRate > 0 && { maxRate }) } }),
  );
}

function pauseCommands({ subscribed }: DesiredState): WatchCommand[] {
  return groups(subscribed, ({ paused }) => (paused === PauseMode.UNSPECIFIED ? undefined : paused)).map(
    ([mode, symbols]) => commandOf({ case: "pause", value: { symbols, mode } }),
  );
}

/** The symbols by what a wish says; those of which it says nothing are left out. */
function groups<Key>(
  wishes: ReadonlyMap<string, DesiredSubscription>,
  keyOf: (wish: DesiredSubscription) => Key | undefined,
): [Key, string[]][] {
  const found = new Map<Key, string[]>();
  for (const [symbol, wish] of wishes) {
    const key = keyOf(wish);
    if (key === undefined) continue;
    const symbols = found.get(key);
    if (symbols === undefined) found.set(key, [symbol]);
    else symbols.push(symbol);
  }
  return [...found];
}

function commandOf(command: MessageInitShape<typeof WatchCommandSchema>["command"]): WatchCommand {
  return create(WatchCommandSchema, { id: reapplied, ...(command && { command }) });
}
