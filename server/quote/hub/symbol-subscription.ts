import type { Instrument, Subscription } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { LogEntry } from "../log/quote-log.ts";

/** An instrument with what the hub knows of it. */
export interface Listing {
  readonly instrument: Instrument;
  /** Who subscribes to it, in no order, and the owner of each, so that to offer a quote need not look at the lines. */
  readonly lines: SymbolSubscription[];
  readonly owners: SubscriptionOwner[];
  newest: LogEntry | undefined;
  /** What streams are told that subscribe to it without anything special. */
  plainSubscription?: Subscription;
}

/** Who takes the quotes of its lines. */
export interface SubscriptionOwner {
  offer(line: SymbolSubscription, entry: LogEntry): void;
}

/** What is special about a line: one that just lets its quotes through has none of this. */
export interface SubscriptionControl {
  /** `conflating` and `stopped` are the two ways to be paused; the quotes of the last two are read from the log. */
  flow: "live" | "conflating" | "stopped" | "replaying";
  /** The most quotes a second; 0: no limit. */
  maxRate: number;
  /** When its newest quote was taken, in milliseconds by the clock of the timers. */
  sentAt: number;
  /** When the quote that the rate holds back may go; absent where it holds none back. */
  dueAt: number | undefined;
  /** Where it stands among the lines that wait for their times. For those only. */
  pacedAt: number;
  /** How many quotes of the pause were replaced by newer ones. */
  skipped: number;
}

/**
 * One subscription: what one stream has to do with one instrument. It is also the node of the list that its waiting
 * quote stands in, as it stands in one at most: that costs no memory but its own.
 */
export class SymbolSubscription {
  readonly owner: SubscriptionOwner;
  readonly listing: Listing;
  control: SubscriptionControl | undefined = undefined;
  /** The list that it stands in, and its place there. For that list only. */
  queue: object | undefined = undefined;
  waiting: LogEntry | undefined = undefined;
  /** The place in the log of the first that waited there: of `waiting`, or of one that gave way to it. */
  since = 0;
  next: SymbolSubscription | undefined = undefined;
  previous: SymbolSubscription | undefined = undefined;
  #at: number;

  /** From here on the owner is offered the quotes of the instrument. */
  constructor(owner: SubscriptionOwner, listing: Listing) {
    this.owner = owner;
    this.listing = listing;
    this.#at = listing.lines.length;
    listing.lines.push(this);
    listing.owners.push(owner);
  }

  get symbol(): string {
    return this.listing.instrument.symbol;
  }

  /** Ends the subscription. Safe within an offer to this line: the one that takes its place was offered it before. */
  detach(): void {
    const { lines, owners } = this.listing;
    const last = lines.pop();
    owners.pop();
    if (last === undefined || last === this) return;
    lines[this.#at] = last;
    owners[this.#at] = last.owner;
    last.#at = this.#at;
  }
}

/** Hands a quote to all lines of an instrument, from the last to the first, so that each may leave meanwhile. */
export function offerToAll({ lines, owners }: Listing, entry: LogEntry): void {
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at];
    if (line !== undefined) owners[at]?.offer(line, entry);
  }
}

/** What the hub knows of an instrument without quotes. */
export function listingOf(instrument: Instrument): Listing {
  return { instrument, lines: [], owners: [], newest: undefined };
}

/** What is special about a line, which from here on is one of those that have something special. */
export function controlOf(line: SymbolSubscription): SubscriptionControl {
  line.control ??= {
    flow: "live",
    maxRate: 0,
    sentAt: Number.NEGATIVE_INFINITY,
    dueAt: undefined,
    pacedAt: 0,
    skipped: 0,
  };
  return line.control;
}
