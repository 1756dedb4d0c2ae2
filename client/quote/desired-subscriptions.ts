import {
  PauseMode,
  type Subscription,
  SubscriptionStatus,
  type WatchCommand,
} from "../../gen/bourse/quote/v1/quote_pb.ts";

/** The symbol that selects all instruments. */
export const allSymbols = "*";

export type Command = WatchCommand["command"];

/** The desired state of one subscription. */
export interface DesiredSubscription {
  readonly paused: PauseMode;
  /** 0: no limit. */
  readonly maxRate: number;
}

/** The desired state of all subscriptions of a watch, independent of a stream. */
export interface DesiredState {
  /** The requested symbols. `*` selects all instruments. */
  readonly symbols: ReadonlySet<string>;
  /** The subscriptions that the server has accepted. */
  readonly subscribed: ReadonlyMap<string, DesiredSubscription>;
  /** The accepted symbols that were added to a running stream, and of which no quote was received. */
  readonly unseen: ReadonlySet<string>;
  /** The limit of the stream, 0 if there is none. */
  readonly maxRate: number;
}

/**
 * Tracks the desired subscriptions of a stream, to restore them in the next stream. It follows the results of the
 * server, so a symbol that the server has refused is not requested again.
 */
export class DesiredSubscriptions implements DesiredState {
  readonly maxRate: number;
  readonly #subscribed = new Map<string, DesiredSubscription>();
  readonly #unseen = new Set<string>();
  #symbols: Set<string>;

  /** @param maxRate the limit of the stream, 0 if there is none */
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

  /** Whether no symbol is requested. */
  get isEmpty(): boolean {
    return this.#symbols.size === 0;
  }

  /** Whether there are subscriptions, and all of them are paused. */
  get allPaused(): boolean {
    if (this.#subscribed.size === 0) return false;
    for (const { paused } of this.#subscribed.values()) if (paused === PauseMode.UNSPECIFIED) return false;
    return true;
  }

  /** Takes the subscriptions of a new stream. Keeps the desired pauses and rates. */
  applyStart(subscriptions: readonly Subscription[]): void {
    for (const { symbol, status } of subscriptions) {
      if (status !== SubscriptionStatus.ACCEPTED) this.#subscribed.delete(symbol);
      else if (!this.#subscribed.has(symbol)) {
        this.#subscribed.set(symbol, { paused: PauseMode.UNSPECIFIED, maxRate: this.maxRate });
      }
    }
  }

  /** Takes the result of a command. */
  applyResult({ case: kind, value }: Command, subscriptions: readonly Subscription[]): void {
    const accepted = subscriptions.filter(({ status }) => status === SubscriptionStatus.ACCEPTED);
    if (kind === "unsubscribe") {
      this.#replaceWildcard();
      for (const { symbol } of accepted) this.#remove(symbol);
      for (const symbol of value.symbols.includes(allSymbols) ? this.#symbols : value.symbols) this.#remove(symbol);
      return;
    }
    if (kind === "subscribe") {
      this.#request(value.symbols.includes(allSymbols) ? [allSymbols] : accepted.map(({ symbol }) => symbol));
    }
    for (const { symbol, paused, maxRate } of accepted) {
      if (kind === "subscribe" && !this.#subscribed.has(symbol)) this.#unseen.add(symbol);
      this.#subscribed.set(symbol, { paused, maxRate });
    }
  }

  /** Notes that a quote of the symbol was received. */
  markSeen(symbol: string): void {
    if (this.#unseen.size > 0) this.#unseen.delete(symbol);
  }

  #request(symbols: readonly string[]): void {
    if (symbols.includes(allSymbols)) this.#symbols.clear();
    if (!this.#symbols.has(allSymbols)) for (const symbol of symbols) this.#symbols.add(symbol);
  }

  /** Replaces `*` by the accepted symbols, so that one of them can be removed. */
  #replaceWildcard(): void {
    if (this.#symbols.has(allSymbols)) this.#symbols = new Set(this.#subscribed.keys());
  }

  #remove(symbol: string): void {
    this.#symbols.delete(symbol);
    this.#subscribed.delete(symbol);
    this.#unseen.delete(symbol);
  }
}
