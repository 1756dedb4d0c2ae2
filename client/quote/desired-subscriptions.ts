import {
  PauseMode,
  type Subscription,
  SubscriptionStatus,
  type WatchCommand,
} from "../../gen/bourse/quote/v1/quote_pb.ts";

/** The symbol that stands for all instruments. */
export const allSymbols = "*";

/** What a command is to do. */
export type Command = WatchCommand["command"];

/** How a symbol is subscribed to. */
export interface DesiredSubscription {
  readonly paused: PauseMode;
  /** 0: no limit. */
  readonly maxRate: number;
}

/** What a watch is to have, on whichever stream. */
export interface DesiredState {
  /** What is asked for by name; `*` among them stands for all instruments. */
  readonly symbols: ReadonlySet<string>;
  /** What the server has accepted, and how. */
  readonly subscribed: ReadonlyMap<string, DesiredSubscription>;
  /** Those of them that were added to a stream and of which nothing was received yet. */
  readonly unseen: ReadonlySet<string>;
  /** The limit of the stream, 0 where there is none. */
  readonly maxRate: number;
}

/**
 * What a stream subscribes to, and how, so that another one can take its place. It follows what the server answers to
 * commands, so that nothing is asked for again that one of them was refused.
 */
export class DesiredSubscriptions implements DesiredState {
  readonly maxRate: number;
  readonly #subscribed = new Map<string, DesiredSubscription>();
  readonly #unseen = new Set<string>();
  #symbols: Set<string>;

  /** @param maxRate the limit of the stream, 0 where there is none */
  constructor(symbols: readonly string[], maxRate: number) {
    this.#symbols = new Set(symbols);
    this.maxRate = maxRate;
  }

  get symbols(): ReadonlySet<string> {
    return this.#symbols;
  }

  get subscribed(): ReadonlyMap<string, DesiredSubscription> {
    return this.#subscribed;
  }

  get unseen(): ReadonlySet<string> {
    return this.#unseen;
  }

  /** Whether there is anything to ask for. */
  get isEmpty(): boolean {
    return this.#symbols.size === 0;
  }

  /** Whether there are subscriptions, and all of them are paused. */
  get allPaused(): boolean {
    if (this.#subscribed.size === 0) return false;
    for (const { paused } of this.#subscribed.values()) if (paused === PauseMode.UNSPECIFIED) return false;
    return true;
  }

  /** Takes the answer to a start. Pauses and rates stay as they were wished for. */
  started(subscriptions: readonly Subscription[]): void {
    for (const { symbol, status } of subscriptions) {
      if (status !== SubscriptionStatus.ACCEPTED) this.#subscribed.delete(symbol);
      else if (!this.#subscribed.has(symbol)) {
        this.#subscribed.set(symbol, { paused: PauseMode.UNSPECIFIED, maxRate: this.maxRate });
      }
    }
  }

  /** Takes the answer to a command. */
  done({ case: kind, value }: Command, subscriptions: readonly Subscription[]): void {
    if (kind === "unsubscribe") this.#nameAll();
    const accepted = subscriptions.filter(({ status }) => status === SubscriptionStatus.ACCEPTED);
    if (kind === "subscribe") this.#name(value.symbols.includes(allSymbols) ? [allSymbols] : accepted.map(symbolOf));
    for (const { symbol, paused, maxRate } of accepted) {
      if (kind === "unsubscribe") this.#forget(symbol);
      else {
        if (kind === "subscribe" && !this.#subscribed.has(symbol)) this.#unseen.add(symbol);
        this.#subscribed.set(symbol, { paused, maxRate });
      }
    }
    if (kind !== "unsubscribe") return;
    for (const symbol of value.symbols.includes(allSymbols) ? this.#symbols : value.symbols) this.#forget(symbol);
  }

  /** A quote of the symbol came. */
  saw(symbol: string): void {
    if (this.#unseen.size > 0) this.#unseen.delete(symbol);
  }

  #name(symbols: readonly string[]): void {
    if (symbols.includes(allSymbols)) this.#symbols.clear();
    if (!this.#symbols.has(allSymbols)) for (const symbol of symbols) this.#symbols.add(symbol);
  }

  #nameAll(): void {
    if (this.#symbols.has(allSymbols)) this.#symbols = new Set(this.#subscribed.keys());
  }

  #forget(symbol: string): void {
    this.#symbols.delete(symbol);
    this.#subscribed.delete(symbol);
    this.#unseen.delete(symbol);
  }
}

function symbolOf({ symbol }: Subscription): string {
  return symbol;
}
