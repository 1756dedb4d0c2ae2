import { once } from "node:events";
import { create, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  ExportMismatchError,
  type ExportPosition,
  type ExportSummary,
  exportOrders,
} from "../client/order/export-orders.ts";
import { parseTimestamp } from "../client/shared/timestamp-text.ts";
import { Cancellations, OrderFilterSchema } from "../gen/bourse/order/v1/order_pb.ts";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import { addressOption } from "./shared/command-line-options.ts";
import { sha256 } from "./shared/order-export-sha256.ts";
import { type OrderOutputFormatName, orderOutputFormats } from "./shared/order-output-formats.ts";
import { ProgressBar } from "./shared/progress-bar.ts";
import { ResumableOrderExportFile } from "./shared/resumable-order-export-file.ts";
import { exitCodes, runScript } from "./shared/run-script.ts";
import { scriptRetryPolicy } from "./shared/script-retry-policy.ts";
import { escapeControls, printError, printLine } from "./shared/terminal-output.ts";

const cancellations = {
  included: Cancellations.UNSPECIFIED,
  excluded: Cancellations.EXCLUDED,
  only: Cancellations.ONLY,
};

interface Options {
  readonly address: string;
  readonly format: OrderOutputFormatName;
  readonly out: string;
  readonly overwrite?: true;
  readonly placedFrom?: Timestamp;
  readonly placedBefore?: Timestamp;
  readonly country?: string;
  readonly customer?: string;
  readonly customerUnknown?: true;
  readonly product?: string;
  readonly cancellations: keyof typeof cancellations;
  readonly json?: true;
}

type Timestamp = NonNullable<ReturnType<typeof parseTimestamp>>;

/** The destination of an export. */
interface Sink {
  /** The position to resume from. */
  readonly from: ExportPosition | undefined;
  write(text: string, position: ExportPosition): Promise<void>;
  complete(): Promise<void>;
}

const command = new Command("npm run export-orders --")
  .description(
    "Exports orders to a file, and verifies that the export is complete. A second run resumes an incomplete export.",
  )
  .addOption(
    new Option("--format <name>", "format of the file").choices(Object.keys(orderOutputFormats)).default("csv"),
  )
  .option("--out <file>", "path of the file; - for standard output", "-")
  .option("--overwrite", "replace an existing file")
  .option("--placed-from <time>", "orders placed at this time or later, as in 2010-12-01T08:26:00Z", time)
  .option("--placed-before <time>", "orders placed before this time", time)
  .option("--country <country>", "orders from this country")
  .option("--customer <id>", "orders of this customer")
  .addOption(new Option("--customer-unknown", "orders of an unknown customer").conflicts("customer"))
  .option("--product <code>", "orders of this product")
  .addOption(
    new Option("--cancellations <which>", "orders of a negative quantity")
      .choices(Object.keys(cancellations))
      .default("included"),
  )
  .option("--json", "print the summary as a JSON object, and no progress")
  .addOption(addressOption())
  .addHelpText(
    "after",
    `
While an export is incomplete, FILE.part beside the file stores the position to resume from.
Exit codes: 0 all orders are written and verified; 1 an error; 130 interrupted.`,
  )
  .parse();
const { address, format, out, overwrite = false, json, ...selection } = command.opts<Options>();
const { header, format: formatOrders } = orderOutputFormats[format];

await runScript(address, async (signal) => {
  signal.addEventListener("abort", () => (process.exitCode ??= exitCodes.interrupted));
  const filter = filterOf(selection);
  const name = { format, filter: toJson(OrderFilterSchema, create(OrderFilterSchema, filter)) };
  await using file = out === "-" ? undefined : await ResumableOrderExportFile.open(out, name, header, { overwrite });
  const startedAt = performance.now();
  const summary = await run(file ?? (await standardOutput(signal)), filter, signal);
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(3));
  const report = json ? JSON.stringify({ file: out, ...summary, seconds }) : formatSummary(summary);
  if (out === "-") printError(report);
  else printLine(report);
  process.exitCode = 0;
});

async function run(
  sink: Sink,
  filter: MessageInitShape<typeof OrderFilterSchema>,
  signal: AbortSignal,
): Promise<ExportSummary> {
  const client = createClient(OrderService, createGrpcTransport({ baseUrl: address }));
  const { from } = sink;
  if (from !== undefined && !json)
    printError(`${out} has ${count(from.received)} orders: the export resumes after them`);
  const exporting = exportOrders(client, {
    filter,
    sha256,
    signal,
    ...scriptRetryPolicy(),
    ...(from !== undefined && { from }),
  });
  using progress = new ProgressBar({ items: "orders", quiet: json === true, startAt: from?.received ?? 0 });
  try {
    for (;;) {
      const next = await exporting.next();
      if (next.done) {
        await sink.complete();
        return next.value;
      }
      const { orders, position, total } = next.value;
      await sink.write(formatOrders(orders), position);
      progress.update(position.received, total);
    }
  } catch (error) {
    if (!(error instanceof ExportMismatchError)) throw error;
    throw new Error(`${error.message}, with --overwrite`);
  } finally {
    await exporting.return({ count: 0, sha256: "" });
  }
}

async function standardOutput(signal: AbortSignal): Promise<Sink> {
  const write = async (lines: string) => {
    // A pipe gets the exact text. A terminal must not interpret control characters of the orders.
    const shown = process.stdout.isTTY ? lines.split("\n").map(escapeControls).join("\n") : lines;
    if (!process.stdout.write(shown)) await once(process.stdout, "drain", { signal });
  };
  await write(header);
  return { from: undefined, write, complete: () => Promise.resolve() };
}

function filterOf({
  placedFrom,
  placedBefore,
  country,
  customer,
  customerUnknown,
  product,
  cancellations: which,
}: Omit<Options, "address" | "format" | "out">): MessageInitShape<typeof OrderFilterSchema> {
  const customerId = customerUnknown ? "" : customer;
  return {
    ...(placedFrom !== undefined && { placedFrom }),
    ...(placedBefore !== undefined && { placedBefore }),
    ...(country !== undefined && { country }),
    ...(customerId !== undefined && { customerId }),
    ...(product !== undefined && { productCode: product }),
    cancellations: cancellations[which],
  };
}

function formatSummary({ count: received, sha256: digest }: ExportSummary): string {
  return `${count(received)} orders${out === "-" ? "" : ` in ${out}`}, verified; digest ${digest}`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function time(text: string): Timestamp {
  const parsed = parseTimestamp(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError("expected a time such as 2010-12-01T08:26:00Z, or a day such as 2010-12-01");
}
