import { type Client, Code } from "@connectrpc/connect";
import { submitOrders } from "../client/order/submit-orders.ts";
import { isRetryable } from "../client/shared/retry-policy.ts";
import { type RejectedOrder, RejectionReason } from "../gen/bourse/order/v1/order_pb.ts";
import type { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import type { OrderFile } from "./order-file.ts";
import { OrderTotals } from "./order-totals.ts";
import { ProgressBar } from "./progress-bar.ts";
import type { RejectsFile } from "./rejects-file.ts";
import { retryPolicy } from "./retry-policy.ts";

/** What came of the import of a file. Its lines are those that were added, were present, or were rejected. */
export interface ImportSummary {
  readonly file: string;
  readonly lines: number;
  readonly added: number;
  readonly present: number;
  readonly rejected: number;
  /** What the lines that are stored come to, quantity times price, by currency: exact. */
  readonly amounts: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly linesPerSecond: number;
}

/** Submits the orders of a file. Says how far it came and throws where it ends early: what was stored before stays. */
export async function importOrders(
  client: Client<typeof OrderService>,
  file: OrderFile,
  rejects: RejectsFile,
  { signal, quiet }: { readonly signal: AbortSignal; readonly quiet: boolean },
): Promise<ImportSummary> {
  let rejected = 0;
  const reject = (line: number, reason: string, text: string) => {
    rejected++;
    rejects.add({ file: file.path, line, reason, text });
  };
  const totals = new OrderTotals();
  const done = () => totals.added + totals.present + rejected;
  const began = performance.now();
  try {
    using progress = new ProgressBar({ total: (await file.countLines(signal)).lines - 1, items: "lines", quiet });
    for await (const submitted of submitOrders(client, file.orders(reject, signal), {
      signal,
      ...retryPolicy((reason) => isRetryable(reason) && reason.code !== Code.ResourceExhausted),
    })) {
      const { answer, submission } = submitted;
      if (answer.result.case === "rejected") reject(submission.line, reasonOf(answer.result.value), submission.text);
      else totals.add(submitted);
      progress.update(done());
    }
    progress.update(done(), done());
  } catch (error) {
    const stored = (totals.added + totals.present).toLocaleString("en");
    console.error(`${file.path}: ended early, with ${stored} lines stored: run it again, and nothing is stored twice`);
    throw error;
  }
  const seconds = (performance.now() - began) / 1000;
  return {
    file: file.path,
    lines: done(),
    added: totals.added,
    present: totals.present,
    rejected,
    amounts: totals.amounts,
    seconds: Number(seconds.toFixed(3)),
    linesPerSecond: Math.round(done() / Math.max(seconds, 0.001)),
  };
}

function reasonOf({ reason, violations }: RejectedOrder): string {
  if (reason === RejectionReason.KEY_TAKEN) {
    return "the store has another order for this line of this file: what is stored never changes";
  }
  const fields = violations.map(({ field, description }) => `${field}: ${description}`);
  return fields.length > 0 ? fields.join("; ") : "the server refused it without a reason";
}
