import { create } from "@bufbuild/protobuf";
import { isValidTimestamp, type MicroClock, toTimestamp } from "../../../client/shared/micro-time.ts";
import {
  type CommandResult,
  CommandResultSchema,
  PauseMode,
  type Subscription,
  SubscriptionSchema,
  SubscriptionStatus,
  type WatchCommand,
} from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { share } from "../../transport/encoding/shared-message.ts";
import type { Listing, SymbolSubscription } from "../hub/symbol-subscription.ts";
import type { QuoteSubscriber } from "./quote-subscriber.ts";

/** How many symbols one stream may subscribe to: as many as a request can name. */
export const maxSubscriptionsPerStream = 10_000;

/** The symbol that stands for all. */
const allSymbols = "*";

export interface WatchCommandsOptions {
  readonly subscriber: QuoteSubscriber;
  readonly listings: ReadonlyMap<string, Listing>;
  readonly now: MicroClock;
  /** The most quotes a second of each symbol, where a command does not say; 0: no limit. */
  readonly maxRate: number;
  /** Told when symbols go on after a pause that replays: they will have caught up. */
  readonly onReplay: () => void;
  /** Default: {@link maxSubscriptionsPerStream}. */
  readonly maxSubscriptions?: number | undefined;
}

/** What clients can do to the subscriptions of one stream. Each command holds when its method returns. */
export class WatchCommands {
  readonly #options: WatchCommandsOptions;

  constructor(options: WatchCommandsOptions) {
    this.#options = options;
  }

  /** Does what a command says. Throws an {@link InvalidFieldError} where it says nothing. */
  run({ id, command }: WatchCommand): CommandResult {
    switch (command.case) {
      case "subscribe":
        return result(id, this.subscribe(command.value.symbols, command.value.maxRate));
      case "unsubscribe":
        return result(id, this.#unsubscribe(command.value.symbols));
      case "pause":
        return result(id, this.#pause(command.value.symbols, command.value.mode));
      case "resume":
        return result(id, this.#resume(command.value.symbols));
      case "setRate":
        return result(id, this.#setRate(command.value.symbols, command.value.maxRate ?? 0));
      case "ping": {
        const { clientTime } = command.value;
        // The stream of a client that reads JSON could not carry it, whoever sent the ping.
        if (clientTime !== undefined && !isValidTimestamp(clientTime)) {
          throw new InvalidFieldError("ping.client_time", "is no time of the years 1 to 9999: send another, or none");
        }
        return create(CommandResultSchema, { id, pong: { clientTime, serverTime: toTimestamp(this.#options.now()) } });
      }
      case "listSubscriptions":
        return result(id, Array.from(this.#lines.values(), subscriptionOf));
      case undefined:
        throw new InvalidFieldError("command", "name one, as in subscribe");
    }
  }

  /**
   * Subscribes to symbols, each with a snapshot or all with a replay.
   *
   * @param replayFrom a place behind which the log holds everything, or the oldest that it holds when it is read; only
   *   for the first
   */
  subscribe(asked: readonly string[], maxRate = this.#options.maxRate, replayFrom?: number | "oldest"): Subscription[] {
    const { listings, subscriber, maxSubscriptions = maxSubscriptionsPerStream } = this.#options;
    const symbols = asked.includes(allSymbols) ? [...listings.keys()] : [...new Set(asked)];
    const room = Math.min(maxSubscriptions - this.#lines.size, subscriber.subscriptionsLeft);
    const added: Listing[] = [];
    const refused = new Map<string, SubscriptionStatus>();
    for (const symbol of symbols) {
      const listing = listings.get(symbol);
      if (listing === undefined) refused.set(symbol, SubscriptionStatus.UNKNOWN_SYMBOL);
      else if (this.#lines.has(symbol)) continue;
      else if (added.length < room) added.push(listing);
      else refused.set(symbol, SubscriptionStatus.TOO_MANY);
    }
    subscriber.subscribe(added, maxRate, replayFrom);
    return symbols.map((symbol) => this.#subscription(symbol, refused.get(symbol)));
  }

  #unsubscribe(asked: readonly string[]): Subscription[] {
    const symbols = this.#named(asked);
    const lines = this.#linesOf(symbols);
    this.#options.subscriber.unsubscribe(lines);
    const ended = new Set(lines.map(({ symbol }) => symbol));
    return symbols.map((symbol) =>
      ended.has(symbol) ? accepted(symbol) : create(SubscriptionSchema, { symbol, status: this.#statusOf(symbol) }),
    );
  }

  #pause(asked: readonly string[], mode: PauseMode): Subscription[] {
    const symbols = this.#named(asked);
    this.#options.subscriber.pause(this.#linesOf(symbols), mode);
    return symbols.map((symbol) => this.#subscription(symbol));
  }

  #resume(asked: readonly string[]): Subscription[] {
    const symbols = this.#named(asked);
    const lines = this.#linesOf(symbols);
    if (lines.some(({ control }) => control?.flow === "stopped")) this.#options.onReplay();
    const skipped = this.#options.subscriber.resume(lines);
    return symbols.map((symbol) => {
      const line = this.#lines.get(symbol);
      const count = line && skipped.get(line);
      if (line === undefined || !count) return this.#subscription(symbol);
      return create(SubscriptionSchema, { ...stateOf(line), skipped: BigInt(count) });
    });
  }

  #setRate(asked: readonly string[], maxRate: number): Subscription[] {
    const symbols = this.#named(asked);
    this.#options.subscriber.setRate(this.#linesOf(symbols), maxRate);
    return symbols.map((symbol) => this.#subscription(symbol));
  }

  get #lines(): ReadonlyMap<string, SymbolSubscription> {
    return this.#options.subscriber.lines;
  }

  /** The symbols that a command names, each once; all that are subscribed to where it names all. */
  #named(asked: readonly string[]): string[] {
    return asked.includes(allSymbols) ? [...this.#lines.keys()] : [...new Set(asked)];
  }

  #linesOf(symbols: readonly string[]): SymbolSubscription[] {
    return symbols.map((symbol) => this.#lines.get(symbol)).filter((line) => line !== undefined);
  }

  #subscription(symbol: string, refused?: SubscriptionStatus): Subscription {
    const line = this.#lines.get(symbol);
    if (line !== undefined) return subscriptionOf(line);
    return create(SubscriptionSchema, { symbol, status: refused ?? this.#statusOf(symbol) });
  }

  /** Why a symbol has no line. */
  #statusOf(symbol: string): SubscriptionStatus {
    const known = this.#options.listings.has(symbol);
    return known ? SubscriptionStatus.NOT_SUBSCRIBED : SubscriptionStatus.UNKNOWN_SYMBOL;
  }
}

function result(id: bigint, subscriptions: Subscription[]): CommandResult {
  return create(CommandResultSchema, { id, subscriptions });
}

function accepted(symbol: string): Subscription {
  return create(SubscriptionSchema, { symbol, status: SubscriptionStatus.ACCEPTED });
}

/** What most streams have of an instrument is one message for all of them. */
function subscriptionOf(line: SymbolSubscription): Subscription {
  if (line.control !== undefined) return create(SubscriptionSchema, stateOf(line));
  const { listing } = line;
  listing.plainSubscription ??= share(create(SubscriptionSchema, stateOf(line)));
  return listing.plainSubscription;
}

function stateOf({ symbol, control }: SymbolSubscription) {
  const paused = pauseModes[control?.flow ?? "live"];
  return { symbol, status: SubscriptionStatus.ACCEPTED, paused, maxRate: control?.maxRate ?? 0 };
}

const pauseModes = {
  live: PauseMode.UNSPECIFIED,
  replaying: PauseMode.UNSPECIFIED,
  conflating: PauseMode.CONFLATE,
  stopped: PauseMode.REPLAY,
} as const;
