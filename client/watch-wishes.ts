import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  PauseMode,
  type Subscription,
  SubscriptionStatus,
  type WatchCommand,
  WatchCommandSchema,
} from "../gen/bourse/quote/v1/quote_pb.ts";

/** The symbol that stands for all instruments. */
export const allSymbols = "*";

/** What a command is to do. */
export type Command = WatchCommand["command"];

interface Wish {
  readonly paused: PauseMode;
  readonly maxRate: number;
}

/**
 * What a stream subscribes to, and how, so that another one can take its place. It follows what the server answers, so
 * that nothing is asked for again that was refused.
 */
export class WatchWishes {
  readonly #maxRate: number;
  readonly #wishes = new Map<string, Wish>();
  readonly #unseen = new Set<string>();
  #symbols: Set<string>;

  /** @param maxRate the limit of the stream, 0 where there is none */
  constructor(symbols: readonly string[], maxRate: number) {
    this.#symbols = new Set(symbols);
    this.#maxRate = maxRate;
  }

  /** Whether there is anything to ask for. */
  get isEmpty(): boolean {
    return this.#symbols.size === 0;
  }

  /** Whether there are subscriptions, and all of them are paused. */
  get allPaused(): boolean {
    if (this.#wishes.size === 0) return false;
    for (const { paused } of this.#wishes.values()) if (paused === PauseMode.UNSPECIFIED) return false;
    return true;
  }

  /** Takes the answer to a start. Pauses and rates stay as they were wished for. */
  started(subscriptions: readonly Subscription[]): void {
    for (const { symbol, status } of subscriptions) {
      if (status !== SubscriptionStatus.ACCEPTED) this.#wishes.delete(symbol);
      else if (!this.#wishes.has(symbol)) {
        this.#wishes.set(symbol, { paused: PauseMode.UNSPECIFIED, maxRate: this.#maxRate });
      }
    }
  }

  /** Takes the answer to a command. */
  done({ case: kind, value }: Command, subscriptions: readonly Subscription[]): void {
    if (kind === "subscribe") for (const symbol of value.symbols) this.#symbols.add(symbol);
    if (kind === "unsubscribe") this.#nameAll();
    for (const { symbol, status, paused, maxRate } of subscriptions) {
      if (status !== SubscriptionStatus.ACCEPTED) continue;
      if (kind === "unsubscribe") this.#forget(symbol);
      else {
        if (kind === "subscribe" && !this.#wishes.has(symbol)) this.#unseen.add(symbol);
        this.#wishes.set(symbol, { paused, maxRate });
      }
    }
    if (kind === "unsubscribe") for (const symbol of value.symbols) this.#forget(symbol);
  }

  /** A quote of the symbol came. */
  saw(symbol: string): void {
    if (this.#unseen.size > 0) this.#unseen.delete(symbol);
  }

  /**
   * What the next stream is to be asked for. One that resumes leaves out symbols of which nothing was received yet, and
   * subscribes to them by a command: their snapshot would not come otherwise.
   */
  request(resumes: boolean): { symbols: string[]; commands: WatchCommand[]; resumes: boolean } {
    const late = this.#symbols.has(allSymbols) ? [] : [...this.#unseen].filter((symbol) => this.#symbols.has(symbol));
    const leavesOut = resumes && late.length > 0 && late.length < this.#symbols.size;
    const symbols = leavesOut ? [...this.#symbols].filter((symbol) => !this.#unseen.has(symbol)) : [...this.#symbols];
    const commands = [
      ...(leavesOut ? [commandOf({ case: "subscribe", value: { symbols: late } })] : []),
      ...this.#pauseCommands(),
      ...this.#rateCommands(),
    ];
    return { symbols, commands, resumes: resumes && (leavesOut || late.length === 0) };
  }

  #rateCommands(): WatchCommand[] {
    return groups(this.#wishes, ({ maxRate }) => (maxRate === this.#maxRate ? undefined : maxRate)).map(
      ([maxRate, symbols]) => commandOf({ case: "setRate", value: { symbols, ...(maxRate > 0 && { maxRate }) } }),
    );
  }

  #pauseCommands(): WatchCommand[] {
    return groups(this.#wishes, ({ paused }) => (paused === PauseMode.UNSPECIFIED ? undefined : paused)).map(
      ([mode, symbols]) => commandOf({ case: "pause", value: { symbols, mode } }),
    );
  }

  #nameAll(): void {
    if (this.#symbols.has(allSymbols)) this.#symbols = new Set(this.#wishes.keys());
  }

  #forget(symbol: string): void {
    this.#symbols.delete(symbol);
    this.#wishes.delete(symbol);
    this.#unseen.delete(symbol);
  }
}

/** The symbols by what a wish says; those of which it says nothing are left out. */
function groups<Key>(wishes: ReadonlyMap<string, Wish>, keyOf: (wish: Wish) => Key | undefined): [Key, string[]][] {
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

/** The number of the commands that bring a stream to what the one before was; those of callers start at 1. */
export const reapplied = 0n;
