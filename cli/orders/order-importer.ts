import { type Client, Code } from "@connectrpc/connect";
import { type Submitted, submitOrders } from "../../client/order/submit-orders.ts";
import { formatAmount, fromNanos, toNanos } from "../../client/shared/money-text.ts";
import { isRetryable } from "../../client/shared/retry-policy.ts";
import type { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import type { RejectsFile } from "../csv/rejects-file.ts";
import { commandRetryPolicy } from "../shared/command-retry-policy.ts";
import { ProgressBar } from "../shared/progress-bar.ts";
import { printError } from "../shared/terminal-output.ts";
import { formatRejection } from "./format-rejection.ts";
import type { OrderCsvFile, OrderLine } from "./order-csv-file.ts";

/** The result of the import of a file. */
export interface ImportSummary {
  readonly file: string;
  /** The sum of `added`, `present` and `rejected`. */
  readonly lines: number;
  /** Lines that this import has stored. */
  readonly added: number;
  /** Lines that were stored before. */
  readonly present: number;
  readonly rejected: number;
  /** The exact sums of quantity times price of all stored lines, by currency. */
  readonly amounts: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly linesPerSecond: number;
}

/** The key has the content of the line except its currency, so only the currency can differ. */
const keyTaken =
  "the order of this line is already stored with another currency, and stored orders cannot be changed: import the line with its original currency";

/** Submits the orders of a file. If it fails, the lines before the failure stay stored, and a message has their number. */
export async function importOrderFile(
  client: Client<typeof OrderService>,
  file: OrderCsvFile,
  rejects: RejectsFile,
  { signal, quiet }: { readonly signal: AbortSignal; readonly quiet: boolean },
): Promise<ImportSummary> {
  let rejected = 0;
  const reject = (line: number, reason: string, text: string) => {
    rejected++;
    rejects.add({ file: file.path, line, reason, text });
  };
  const totals = new OrderTotalsByCurrency();
  const doneLines = () => totals.added + totals.present + rejected;
  const startedAt = performance.now();
  try {
    using progress = new ProgressBar({ total: (await file.countLines(signal)).lines - 1, items: "lines", quiet });
    for await (const submitted of submitOrders(client, file.orders(reject, signal), {
      signal,
      ...commandRetryPolicy((reason) => isRetryable(reason) && reason.code !== Code.ResourceExhausted),
    })) {
      const { answer, submission } = submitted;
      if (answer.result.case === "rejected") {
        reject(submission.line, formatRejection(answer.result.value, keyTaken), submission.text);
      } else totals.add(submitted);
      progress.update(doneLines());
    }
    progress.update(doneLines(), doneLines());
  } catch (error) {
    const stored = (totals.added + totals.present).toLocaleString("en");
    printError(`${file.path}: the import has failed after ${stored} lines: run it again, no line is stored twice`);
    throw error;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    file: file.path,
    lines: doneLines(),
    added: totals.added,
    present: totals.present,
    rejected,
    amounts: totals.amounts,
    seconds: Number(seconds.toFixed(3)),
    linesPerSecond: Math.round(doneLines() / Math.max(seconds, 0.001)),
  };
}

/** Counts the stored orders of an import, and sums their amounts. */
class OrderTotalsByCurrency {
  /** Orders that this import has stored. */
  added = 0;
  /** Orders that were stored before. */
  present = 0;
  readonly #amounts = new Map<string, bigint>();
  #firstAdded: bigint | undefined;

  /** Takes the response to a line. */
  add({ submission, answer, isResubmitted }: Submitted<OrderLine>): void {
    if (answer.result.case !== "accepted") return;
    const { sequence, duplicate } = answer.result.value;
    if (!duplicate) this.#firstAdded ??= sequence;
    // An order that a failed call has stored without a response is a duplicate in the next call, and yet of this import.
    const isOwn = isResubmitted && this.#firstAdded !== undefined && sequence > this.#firstAdded;
    if (!duplicate || isOwn) this.added++;
    else this.present++;
    const { quantity = 0, unitPrice } = submission.order;
    const { currencyCode = "", units = 0n, nanos = 0 } = unitPrice ?? {};
    const amount = BigInt(quantity) * toNanos({ units, nanos });
    this.#amounts.set(currencyCode, (this.#amounts.get(currencyCode) ?? 0n) + amount);
  }

  /** The exact sums of quantity times price, by currency. */
  get amounts(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#amounts].sort().map(([currency, nanos]) => [currency, formatAmount(fromNanos(nanos))]),
    );
  }
}
