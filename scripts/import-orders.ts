import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Command, InvalidArgumentError, Option } from "commander";
import { type OrderField, orderFields } from "../client/order/order-csv-columns.ts";
import type { ColumnMapping } from "../client/shared/csv-column-mapping.ts";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import { OrderCsvFile, type OrderCsvFileOptions } from "./csv-import/order-csv-file.ts";
import { type ImportSummary, importOrderFile } from "./csv-import/order-importer.ts";
import { withRejects } from "./csv-import/rejects-file.ts";
import { encodings } from "./csv-import/text-line-reader.ts";
import { addressOption, columnsOption, currencyOption } from "./shared/command-line-options.ts";
import { exitCodes, runScript } from "./shared/run-script.ts";
import { printError, printLine } from "./shared/terminal-output.ts";

interface Options {
  readonly address: string;
  readonly columns?: ColumnMapping<OrderField>;
  readonly currency: string;
  readonly country?: string;
  readonly delimiter: string;
  readonly encoding: (typeof encodings)[number];
  readonly allowOpenEnd?: true;
  readonly rejects?: string;
  readonly json?: true;
}

const command = new Command("npm run import-orders --")
  .description("Imports the orders of CSV files. A second run adds only the missing orders.")
  .argument("<files...>", "CSV files with a header")
  .addOption(columnsOption(orderFields, "order_number=No,placed_at=Date"))
  .addOption(currencyOption().default("GBP"))
  .option("--country <country>", "country of the customers if no column has it")
  .option("--delimiter <character>", "separator of cells", oneCharacter, ",")
  .addOption(new Option("--encoding <name>", "encoding of the files").choices(encodings).default("utf-8"))
  .option("--allow-open-end", "accept a last line without a line end, which may be truncated")
  .option(
    "--rejects <file>",
    "CSV file for rejected lines and their reasons; default: FILE.rejects.csv beside each file",
  )
  .option("--json", "print the summary as a JSON object, and no progress")
  .addOption(addressOption())
  .addHelpText(
    "after",
    `
Fields of --columns: ${orderFields.join(", ")}.
Exit codes: 0 all lines are stored; 1 an error; 2 some lines were rejected, all others are stored; 130 interrupted.`,
  )
  .parse();
const { address, json, ...options } = command.opts<Options>();

await runScript(address, async (signal) => {
  signal.addEventListener("abort", () => (process.exitCode ??= exitCodes.interrupted));
  const files = command.args.map((path) => new OrderCsvFile(path, fileOptions()));
  for (const file of files) await file.check();
  const client = createClient(OrderService, createGrpcTransport({ baseUrl: address }));
  const summaries: ImportSummary[] = [];
  for (const { file, rejects } of withRejects(files, options.rejects)) {
    const summary = await importOrderFile(client, file, rejects, { signal, quiet: json === true });
    summaries.push(summary);
    if (!json) printSummary(summary, rejects.path);
  }
  if (json) printLine(JSON.stringify({ files: summaries }));
  process.exitCode = summaries.some(({ rejected }) => rejected > 0) ? exitCodes.rejected : 0;
});

function printSummary({ file, added, present, rejected, amounts }: ImportSummary, rejects: string): void {
  const count = (value: number) => value.toLocaleString("en");
  const sums = Object.entries(amounts).map(([currency, amount]) => `; ${amount} ${currency}`);
  printLine(
    `${file}: ${count(added)} orders added, ${count(present)} already stored, ${count(rejected)} lines rejected${sums.join("")}`,
  );
  if (rejected > 0) printError(`rejected lines and their reasons: ${rejects}`);
}

function fileOptions(): OrderCsvFileOptions {
  const { encoding, delimiter, currency, country, columns: mapping, allowOpenEnd } = options;
  return {
    encoding,
    delimiter,
    defaults: { currency, ...(country !== undefined && { country }) },
    ...(mapping !== undefined && { mapping }),
    mayEndOpen: allowOpenEnd === true,
  };
}

function oneCharacter(text: string): string {
  if (text === "\\t") return "\t";
  if (/^[^"\r\n]$/u.test(text)) return text;
  throw new InvalidArgumentError("expected one character such as ;, or \\t for a tab");
}
