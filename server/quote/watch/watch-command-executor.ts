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
import type { DeliveryState, Listing, ReaderSubscription } from "../hub/reader-subscription.ts";
import type { QuoteSubscriber } from "./quote-subscriber.ts";

/** The maximum number of subscriptions of one stream: as many as a request can name. */
export const maxSubscriptionsPerStream = 10_000;

/** In a request, the symbol that means all symbols. */
const allSymbols = "*";

export interface WatchCommandExecutorOptions {
  readonly subscriber: QuoteSubscriber;
  readonly listings: ReadonlyMap<string, Listing>;
  readonly now: MicroClock;
  /** The maximum number of quotes per second of each symbol if a command does not contain a rate; 0: no limit. */
  readonly maxRate: number;
  /** Called when symbols are resumed after a pause for replay: the stream will send `caught_up` for them. */
  readonly onReplay: () => void;
  /** Default: {@link maxSubscriptionsPerStream}. */
  readonly maxSubscriptions?: number | undefined;
}

/** Runs the commands of a client on the subscriptions of one stream. A command has taken effect on return. */
export class WatchCommandExecutor {
  readonly #options: WatchCommandExecutorOptions;

  constructor(options: WatchCommandExecutorOptions) {
    this.#options = options;
  }

  /** Runs a command, and returns its result. Throws an {@link InvalidFieldError} if it is empty or invalid. */
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
        // The result is also a response of the stream, which may be JSON, and JSON cannot contain such a time.
        if (clientTime !== undefined && !isValidTimestamp(clientTime)) {
          throw new InvalidFieldError("ping.client_time", "must be in the years 1 to 9999: send another time, or none");
        }
        return create(CommandResultSchema, { id, pong: { clientTime, serverTime: toTimestamp(this.#options.now()) } });
      }
      case "listSubscriptions":
        return result(id, Array.from(this.#subscriptions.values(), toMessage));
      case undefined:
        throw new InvalidFieldError("command", "is empty: set one of its fields, such as subscribe");
    }
  }

  /**
   * Subscribes to symbols, with a snapshot or with a replay. Returns the subscription of each symbol, or why it was
   * refused.
   *
   * @param replayFrom see `QuoteSubscriber.subscribe`; only for the first subscriptions of a stream
   */
  subscribe(
    requested: readonly string[],
    maxRate = this.#options.maxRate,
    replayFrom?: number | "oldest",
  ): Subscription[] {
    const { listings, subscriber, maxSubscriptions = maxSubscriptionsPerStream } = this.#options;
    const symbols = requested.includes(allSymbols) ? [...listings.keys()] : [...new Set(requested)];
    const capacity = Math.min(maxSubscriptions - this.#subscriptions.size, subscriber.subscriptionsLeft);
    const added: Listing[] = [];
    const refused = new Map<string, SubscriptionStatus>();
    for (const symbol of symbols) {
      const listing = listings.get(symbol);
      if (listing === undefined) refused.set(symbol, SubscriptionStatus.UNKNOWN_SYMBOL);
      else if (this.#subscriptions.has(symbol)) continue;
      else if (added.length < capacity) added.push(listing);
      else refused.set(symbol, SubscriptionStatus.TOO_MANY);
    }
    subscriber.subscribe(added, maxRate, replayFrom);
    return symbols.map((symbol) => this.#describe(symbol, refused.get(symbol)));
  }

  #unsubscribe(requested: readonly string[]): Subscription[] {
    const symbols = this.#resolveSymbols(requested);
    const subscriptions = this.#subscriptionsOf(symbols);
    this.#options.subscriber.unsubscribe(subscriptions);
    const ended = new Set(subscriptions.map(({ symbol }) => symbol));
    return symbols.map((symbol) =>
      ended.has(symbol) ? accepted(symbol) : create(SubscriptionSchema, { symbol, status: this.#statusOf(symbol) }),
    );
  }

  #pause(requested: readonly string[], mode: PauseMode): Subscription[] {
    const symbols = this.#resolveSymbols(requested);
    this.#options.subscriber.pause(this.#subscriptionsOf(symbols), mode);
    return symbols.map((symbol) => this.#describe(symbol));
  }

  #resume(requested: readonly string[]): Subscription[] {
    const symbols = this.#resolveSymbols(requested);
    const subscriptions = this.#subscriptionsOf(symbols);
    const isReplayed = subscriptions.some(({ control }) => control?.state.kind === "pausedForReplay");
    if (isReplayed) this.#options.onReplay();
    const skipped = this.#options.subscriber.resume(subscriptions);
    return symbols.map((symbol) => {
      const subscription = this.#subscriptions.get(symbol);
      const count = subscription && skipped.get(subscription);
      if (subscription === undefined || !count) return this.#describe(symbol);
      return create(SubscriptionSchema, { ...fieldsOf(subscription), skipped: BigInt(count) });
    });
  }

  #setRate(requested: readonly string[], maxRate: number): Subscription[] {
    const symbols = this.#resolveSymbols(requested);
    this.#options.subscriber.setRate(this.#subscriptionsOf(symbols), maxRate);
    return symbols.map((symbol) => this.#describe(symbol));
  }

  get #subscriptions(): ReadonlyMap<string, ReaderSubscription> {
    return this.#options.subscriber.subscriptions;
  }

  /** Returns the symbols of a command, each once. `*` means all symbols of the stream. */
  #resolveSymbols(requested: readonly string[]): string[] {
    return requested.includes(allSymbols) ? [...this.#subscriptions.keys()] : [...new Set(requested)];
  }

  #subscriptionsOf(symbols: readonly string[]): ReaderSubscription[] {
    return symbols.map((symbol) => this.#subscriptions.get(symbol)).filter((each) => each !== undefined);
  }

  #describe(symbol: string, refused?: SubscriptionStatus): Subscription {
    const subscription = this.#subscriptions.get(symbol);
    if (subscription !== undefined) return toMessage(subscription);
    return create(SubscriptionSchema, { symbol, status: refused ?? this.#statusOf(symbol) });
  }

  /** Returns why a symbol has no subscription. */
  #statusOf(symbol: string): SubscriptionStatus {
    const isKnown = this.#options.listings.has(symbol);
    return isKnown ? SubscriptionStatus.NOT_SUBSCRIBED : SubscriptionStatus.UNKNOWN_SYMBOL;
  }
}

function result(id: bigint, subscriptions: Subscription[]): CommandResult {
  return create(CommandResultSchema, { id, subscriptions });
}

function accepted(symbol: string): Subscription {
  return create(SubscriptionSchema, { symbol, status: SubscriptionStatus.ACCEPTED });
}

/** Most streams have a live subscription without a rate limit: they share one message for each instrument. */
function toMessage(subscription: ReaderSubscription): Subscription {
  if (subscription.control !== undefined) return create(SubscriptionSchema, fieldsOf(subscription));
  const { listing } = subscription;
  listing.plainSubscription ??= share(create(SubscriptionSchema, fieldsOf(subscription)));
  return listing.plainSubscription;
}

function fieldsOf({ symbol, control }: ReaderSubscription) {
  const paused = pauseModes[control?.state.kind ?? "live"];
  return { symbol, status: SubscriptionStatus.ACCEPTED, paused, maxRate: control?.maxRate ?? 0 };
}

const pauseModes: Record<DeliveryState["kind"], PauseMode> = {
  live: PauseMode.UNSPECIFIED,
  rateLimited: PauseMode.UNSPECIFIED,
  replaying: PauseMode.UNSPECIFIED,
  pausedConflating: PauseMode.CONFLATE,
  pausedForReplay: PauseMode.REPLAY,
};
