import type { Submitted } from "../client/order/submit-orders.ts";
import { formatAmount, fromNanos, toNanos } from "../client/shared/amount-text.ts";
import type { OrderLine } from "./order-file.ts";

/** What came of an import of orders. */
export class OrderTotals {
  /** Orders that were stored. */
  added = 0;
  /** Orders that had been stored before. */
  present = 0;
  readonly #amounts = new Map<string, bigint>();
  #firstAdded: bigint | undefined;

  /** Takes the answer to a line that is stored. */
  add({ submission, answer, isResubmitted }: Submitted<OrderLine>): void {
    if (answer.result.case !== "accepted") return;
    const { sequence, duplicate } = answer.result.value;
    if (!duplicate) this.#firstAdded ??= sequence;
    // What a call had stored that broke before it answered is a duplicate to the next one, and yet of this import.
    const isOwn = isResubmitted && this.#firstAdded !== undefined && sequence > this.#firstAdded;
    if (!duplicate || isOwn) this.added++;
    else this.present++;
    const { quantity = 0, unitPrice } = submission.order;
    const { currencyCode = "", units = 0n, nanos = 0 } = unitPrice ?? {};
    const amount = BigInt(quantity) * toNanos({ units, nanos });
    this.#amounts.set(currencyCode, (this.#amounts.get(currencyCode) ?? 0n) + amount);
  }

  /** What the lines that are stored come to, quantity times price, by currency: exact. */
  get amounts(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#amounts].sort().map(([currency, nanos]) => [currency, formatAmount(fromNanos(nanos))]),
    );
  }
}
