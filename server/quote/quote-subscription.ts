import type { Quote, SlowReaderPolicy, Subscription } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { QuoteSubscriber } from "./quote-subscriber.ts";

export interface SubscribeOptions {
  /** What to subscribe to; repeats count once. Empty: all instruments. */
  readonly symbols: readonly string[];
  /** Unspecified: CONFLATE. */
  readonly policy: SlowReaderPolicy;
}

/** The beginning of a subscription. */
export interface QuoteSubscription {
  /** Gets what is published from now on. Dispose of it to end the subscription. */
  readonly subscriber: QuoteSubscriber;
  /** What became of each symbol, in the order asked for; sorted where all were asked for. */
  readonly subscriptions: readonly Subscription[];
  /** The newest quote of each accepted symbol that has one, in the order of the log. */
  readonly snapshot: readonly Quote[];
  /** The place in the log that the snapshot shows. No quote is lost or doubled between it and the subscriber. */
  readonly seq: bigint;
}
