import { create } from "@bufbuild/protobuf";
import { formatAmount, fromNanos, toNanos } from "../../client/shared/money-text.ts";
import { type CurrencyTotal, CurrencyTotalSchema, type Order } from "../../gen/bourse/order/v1/order_pb.ts";

/** The number of orders and the sum of their amounts, in billionths of the currency's unit. */
interface Total {
  count: number;
  nanos: bigint;
}

/** Counts and sums of orders by currency, exact at any size. There are at most 17,576 currencies. */
export class OrderTotalsByCurrency {
  readonly #byCurrency = new Map<string, Total>();
  #count = 0;

  /** The number of orders in all currencies. */
  get count(): number {
    return this.#count;
  }

  addOrder({ quantity, unitPrice }: Pick<Order, "quantity" | "unitPrice">): void {
    if (unitPrice === undefined) return;
    const amount = BigInt(quantity) * toNanos(unitPrice);
    this.add(unitPrice.currencyCode, 1, amount);
  }

  /** Adds `count` orders with a sum of `nanos`, in billionths of the currency's unit. */
  add(currency: string, count: number, nanos: bigint): void {
    this.#count += count;
    const total = this.#byCurrency.get(currency);
    if (total === undefined) {
      this.#byCurrency.set(currency, { count, nanos });
    } else {
      total.count += count;
      total.nanos += nanos;
    }
  }

  /** Adds all totals of another object. */
  addAll(others: OrderTotalsByCurrency): void {
    for (const [currency, { count, nanos }] of others.#byCurrency) this.add(currency, count, nanos);
  }

  /** Returns the total of a currency, with 0 orders if no order is in the currency. */
  of(currency: string): CurrencyTotal {
    return toMessage(currency, this.#byCurrency.get(currency) ?? { count: 0, nanos: 0n });
  }

  /** Returns all totals, sorted by the code of the currency. */
  all(): CurrencyTotal[] {
    const sorted = [...this.#byCurrency].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return sorted.map(([currency, total]) => toMessage(currency, total));
  }
}

function toMessage(currencyCode: string, { count, nanos }: Total): CurrencyTotal {
  const value = formatAmount(fromNanos(nanos));
  return create(CurrencyTotalSchema, { currencyCode, orderCount: BigInt(count), amount: { value } });
}
