import type { Peer } from "../../transport/protection/shared-limit.ts";
import type { OrderCriteria } from "../order-criteria.ts";
import type { OrderTotalsByCurrency } from "../order-totals-by-currency.ts";
import type { NewOrder } from "../submit/encode-new-order.ts";

/** The outcome of appending an order. */
export type AppendOutcome =
  /** It is stored with this sequence. A duplicate was stored before. */
  | { readonly kind: "stored"; readonly sequence: number; readonly duplicate: boolean }
  /** Another order, with other content, has its key. */
  | { readonly kind: "key-taken" };

/**
 * The order store: an append-only log of orders.
 *
 * Sequences start at 1 without a gap, and follow the order in which orders become visible. The orders up to `newest`
 * never change, so a sequence identifies a snapshot.
 */
export interface OrderStore {
  /** The newest sequence; 0 if there is no order. */
  readonly newest: number;

  /**
   * Appends valid orders atomically and in their order. Resolves when they are on the disk. An order whose key is taken
   * is not appended; it is a duplicate if its content is the same.
   *
   * Rejects with a StoreFullError if the store is full; then none is appended.
   */
  append(orders: readonly NewOrder[]): Promise<AppendOutcome[]>;

  /** Whether an order has this key. */
  hasKey(key: string): boolean;

  /**
   * Resolves to the number of selected orders up to `snapshot`. Reads in short slices, fairly among clients. Rejects with
   * the reason of the signal before the next slice.
   */
  count(criteria: OrderCriteria, snapshot: number, signal?: AbortSignal, peer?: Peer): Promise<number>;

  /** Resolves to the totals of the selected orders up to `snapshot`. Reads in slices as {@link count} does. */
  totals(criteria: OrderCriteria, snapshot: number, signal?: AbortSignal, peer?: Peer): Promise<OrderTotalsByCurrency>;

  /**
   * Yields the selected orders after the sequence `after` and up to `snapshot`, by their sequence. Between two pages it
   * holds no resource open and yields to the event loop. Throws the reason of the signal before the next page.
   */
  pages(criteria: OrderCriteria, range: PageRange, signal?: AbortSignal): AsyncIterable<OrderPage>;
}

/** The part of the order store to read. */
export interface PageRange {
  readonly after: number;
  readonly snapshot: number;
  /** The maximum number of orders in a page. */
  readonly pageSize: number;
  /** The client that reads. */
  readonly peer?: Peer;
}

/** One or more orders. */
export interface OrderPage {
  /** The stored bytes of the orders, each a field `orders` of an ExportOrdersResponse. */
  readonly bytes: Uint8Array;
  readonly count: number;
}
