import { createClient } from "@connectrpc/connect";
import { InvalidArgumentError, Option } from "commander";
import { type OrderField, orderFields } from "../../client/order/order-fields.ts";
import type { ColumnMapping } from "../../client/shared/csv-column-mapping.ts";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { formatUnusedColumns } from "../csv/format-unused-columns.ts";
import { withRejects } from "../csv/rejects-file.ts";
import { encodings } from "../csv/text-line-reader.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { columnsOption, currencyOption } from "../shared/option-parsers.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { printError } from "../shared/terminal-output.ts";
import { OrderCsvFile, type OrderCsvFileOptions } from "./order-csv-file.ts";
import { type ImportSummary, importOrderFile } from "./order-importer.ts";

interface Options extends ServerOptions {
  readonly columns?: ColumnMapping<OrderField>;
  readonly currency: string;
  readonly country?: string;
  readonly delimiter: string;
  readonly encoding: (typeof encodings)[number];
  readonly allowOpenEnd?: true;
  readonly rejects?: string;
}

/** `bourse orders import`: imports CSV files. */
export function importOrdersCommand(): BourseCommand {
  return serverCommand("import", {
    description: `Imports the orders of CSV files. A second run adds only the missing orders. Fields of --columns: ${orderFields.join(", ")}.`,
    examples: [
      ["bourse orders import test/data/orders/online-retail.csv", "a file with common column names"],
      ["bourse orders import sales.csv --columns order_number=No,placed_at=Date --currency EUR", "other column names"],
      ["bourse orders import *.csv --rejects rejects.csv --json", "several files, with a summary as an object"],
    ],
    exitCodes: { 0: "all lines are stored", 2: "some lines were rejected, all others are stored" },
  })
    .argument("<files...>", "CSV files with a header")
    .addOption(columnsOption(orderFields, "order_number=No,placed_at=Date"))
    .addOption(currencyOption().default("GBP"))
    .option("--country <country>", "country of the customers if no column has it")
    .option("--delimiter <character>", "separator of cells", parseCharacter, ",")
    .addOption(new Option("--encoding <name>", "encoding of the files").choices(encodings).default("utf-8"))
    .option("--allow-open-end", "accept a last line without a line end, which may be truncated")
    .option(
      "--rejects <file>",
      "CSV file for rejected lines and their reasons; default: FILE.rejects.csv beside each file",
    )
    .action(runCommand<Options>(importOrders));
}

async function importOrders({ args, options, signal, print, note }: CommandContext<Options>): Promise<number> {
  const { json, quiet } = options;
  const files = args.map((path) => new OrderCsvFile(path, fileOptions(options)));
  for (const file of files) {
    await file.check();
    if (file.unusedColumns.length > 0) note(formatUnusedColumns(file.path, file.unusedColumns));
  }
  const client = createClient(OrderService, connectTo(options));
  const summaries: ImportSummary[] = [];
  for (const { file, rejects } of withRejects(files, options.rejects)) {
    const summary = await importOrderFile(client, file, rejects, { signal, quiet: json === true || quiet === true });
    summaries.push(summary);
    if (json) continue;
    await print(formatSummary(summary));
    if (summary.rejected > 0) printError(`rejected lines and their reasons: ${rejects.path}`);
  }
  if (json) await print(JSON.stringify({ files: summaries }));
  return summaries.some(({ rejected }) => rejected > 0) ? exitCodes.rejected : exitCodes.success;
}

function formatSummary({ file, added, present, rejected, amounts }: ImportSummary): string {
  const count = (value: number) => value.toLocaleString("en");
  const sums = Object.entries(amounts).map(([currency, amount]) => `; ${amount} ${currency}`);
  return `${file}: ${count(added)} orders added, ${count(present)} already stored, ${count(rejected)} lines rejected${sums.join("")}`;
}

function fileOptions(options: Options): OrderCsvFileOptions {
  const { encoding, delimiter, currency, country, columns: mapping, allowOpenEnd } = options;
  return {
    encoding,
    delimiter,
    defaults: { currency, ...(country !== undefined && { country }) },
    ...(mapping !== undefined && { mapping }),
    mayEndOpen: allowOpenEnd === true,
  };
}

function parseCharacter(text: string): string {
  if (text === "\\t") return "\t";
  if (/^[^"\r\n]$/u.test(text)) return text;
  throw new InvalidArgumentError("expected one character such as ;, or \\t for a tab");
}
