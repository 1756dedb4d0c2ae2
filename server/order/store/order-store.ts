import type { Peer } from "../../transport/protection/shared-limit.ts";
import type { OrderSelection } from "../order-selection.ts";
import type { OrderTotals } from "../order-totals.ts";
import type { NewOrder } from "../submit/new-order.ts";

/** What became of an order. */
export type AppendOutcome =
  /** It has this sequence; where it is a duplicate, since before. */
  | { readonly kind: "stored"; readonly sequence: number; readonly duplicate: boolean }
  /** Another order with other contents has its key. */
  | { readonly kind: "key-taken" };

/**
 * The order book: orders are added at its end and never change.
 *
 * Sequences begin with 1, leave no gap, and grow in the order in which orders become visible: what is at or below
 * `newest` is there for good, so that a sequence is a snapshot.
 */
export interface OrderStore {
  /** The newest sequence; 0 where there is no order. */
  readonly newest: number;

  /**
   * Adds orders that keep the rules, in their order, all together, and resolves when they are on the disk. An order
   * whose key is taken is not added: it is a duplicate where its contents are the same.
   *
   * Rejects with a StoreFullError, and adds none, where there is no room.
   */
  append(orders: readonly NewOrder[]): Promise<AppendOutcome[]>;

  /** Which keys of orders that there are, of some. */
  hasKey(key: string): boolean;

  /**
   * How many orders up to `snapshot` are meant. Reads in slices, for all clients in turn; throws the signal's reason
   * between two.
   */
  count(selection: OrderSelection, snapshot: number, signal?: AbortSignal, peer?: Peer): Promise<number>;

  /** What the orders up to `snapshot` that are meant come to. Reads in slices, likewise. */
  totals(selection: OrderSelection, snapshot: number, signal?: AbortSignal, peer?: Peer): Promise<OrderTotals>;

  /**
   * Yields the orders that are meant, behind the sequence `after` up to `snapshot`, by their sequence. Between two pages
   * nothing is held open, and the event loop has a turn. Throws the signal's reason before the next page.
   */
  pages(selection: OrderSelection, range: PageRange, signal?: AbortSignal): AsyncIterable<OrderPage>;
}

/** Which part is read, and how much at once. */
export interface PageRange {
  readonly after: number;
  readonly snapshot: number;
  /** The most orders of a page. */
  readonly pageSize: number;
  /** The client that reads. */
  readonly peer?: Peer;
}

/** Some orders, at least one. */
export interface OrderPage {
  /** Each order as a field `orders` of an ExportOrdersResponse, one after another. */
  readonly bytes: Uint8Array;
  readonly count: number;
}
