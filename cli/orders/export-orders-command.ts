import { create, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { Option } from "commander";
import { nativeSha256 } from "../../client/node/native-sha256.ts";
import {
  ExportMismatchError,
  type ExportPosition,
  type ExportSummary,
  exportOrders,
} from "../../client/order/export-orders.ts";
import { OrderFilterSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { commandRetryPolicy } from "../shared/command-retry-policy.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { ProgressBar } from "../shared/progress-bar.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { escapeControls, printError } from "../shared/terminal-output.ts";
import { addOrderFilter, type OrderFilterOptions, orderFilterOf } from "./order-filter-options.ts";
import { type OrderOutputFormatName, orderOutputFormats } from "./order-output-formats.ts";
import { ResumableOrderExportFile } from "./resumable-order-export-file.ts";

interface Options extends ServerOptions, OrderFilterOptions {
  readonly format?: OrderOutputFormatName;
  readonly out: string;
  readonly overwrite?: true;
}

/** The destination of an export. */
interface Sink {
  /** The position to resume from. */
  readonly from: ExportPosition | undefined;
  write(text: string, position: ExportPosition): Promise<void>;
  complete(): Promise<void>;
}

/** `bourse orders export`: exports orders to a file or to standard output. */
export function exportOrdersCommand(): BourseCommand {
  const command = serverCommand("export", {
    description:
      "Exports orders to a file, and verifies that the export is complete. A second run resumes an incomplete export: " +
      "FILE.part beside the file stores the position.",
    examples: [
      ["bourse orders export --out orders.csv", "all orders as CSV"],
      ["bourse orders export --format ndjson --country France > france.ndjson", "some orders as objects"],
      ["bourse orders export --placed-from 2010-12-01 --placed-before 2011-01-01 --out december.csv", "one month"],
    ],
    exitCodes: { 0: "all orders are written and verified; also if the reader closes standard output" },
  })
    .addOption(
      new Option(
        "--format <name>",
        "format of the orders; default: csv, or ndjson with --json on standard output",
      ).choices(Object.keys(orderOutputFormats)),
    )
    .option("--out <file>", "path of the file; - for standard output", "-")
    .option("--overwrite", "replace an existing file");
  return addOrderFilter(command).action(runCommand<Options>(runExport));
}

async function runExport(context: CommandContext<Options>): Promise<number> {
  const { options, print } = context;
  const { out, overwrite = false, json } = options;
  const format = formatOf(options);
  const { header } = orderOutputFormats[format];
  const filter = orderFilterOf(options);
  const name = { format, filter: toJson(OrderFilterSchema, create(OrderFilterSchema, filter)) };
  await using file = out === "-" ? undefined : await ResumableOrderExportFile.open(out, name, header, { overwrite });
  const startedAt = performance.now();
  const summary = await writeOrders(file ?? (await standardOutputSink(context)), filter, context);
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(3));
  const report = json ? JSON.stringify({ file: out, ...summary, seconds }) : formatSummary(summary, out);
  if (out !== "-") await print(report);
  else if (!options.quiet) printError(report);
  return exitCodes.success;
}

function formatOf({ format, out, json }: Options): OrderOutputFormatName {
  return format ?? (json && out === "-" ? "ndjson" : "csv");
}

async function writeOrders(
  sink: Sink,
  filter: MessageInitShape<typeof OrderFilterSchema>,
  { options, signal, note }: CommandContext<Options>,
): Promise<ExportSummary> {
  const client = createClient(OrderService, connectTo(options));
  const { from } = sink;
  if (from !== undefined) note(`${options.out} has ${count(from.received)} orders: the export resumes after them`);
  const exporting = exportOrders(client, {
    filter,
    sha256: nativeSha256,
    signal,
    ...commandRetryPolicy(),
    ...(from !== undefined && { from }),
  });
  const isQuiet = options.json === true || options.quiet === true;
  using progress = new ProgressBar({ items: "orders", quiet: isQuiet, startAt: from?.received ?? 0 });
  try {
    for (;;) {
      const next = await exporting.next();
      if (next.done) {
        await sink.complete();
        return next.value;
      }
      const { orders, position, total } = next.value;
      await sink.write(orderOutputFormats[formatOf(options)].format(orders), position);
      progress.update(position.received, total);
    }
  } catch (error) {
    if (!(error instanceof ExportMismatchError)) throw error;
    throw new Error(`${error.message}, with --overwrite`);
  } finally {
    await exporting.return({ count: 0, sha256: "" });
  }
}

async function standardOutputSink({ options, write }: CommandContext<Options>): Promise<Sink> {
  const writeLines = (lines: string) =>
    // A pipe gets the exact text. A terminal must not interpret control characters of the orders.
    write(process.stdout.isTTY ? lines.split("\n").map(escapeControls).join("\n") : lines);
  await writeLines(orderOutputFormats[formatOf(options)].header);
  return { from: undefined, write: writeLines, complete: () => Promise.resolve() };
}

function formatSummary({ count: received, sha256: digest }: ExportSummary, out: string): string {
  return `${count(received)} orders${out === "-" ? "" : ` in ${out}`}, verified; digest ${digest}`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}
