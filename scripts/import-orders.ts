import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Command, InvalidArgumentError, Option } from "commander";
import { type OrderField, orderFields } from "../client/order/order-columns.ts";
import type { ColumnsOf } from "../client/shared/csv-columns.ts";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { columnsOption } from "./columns-option.ts";
import { encodings } from "./csv-lines.ts";
import { currencyOption } from "./currency-option.ts";
import { OrderFile, type OrderFileOptions } from "./order-file.ts";
import { type ImportSummary, importOrders } from "./order-import.ts";
import { withRejects } from "./rejects-file.ts";
import { exitCodes, runScript } from "./run-script.ts";

interface Options {
  readonly address: string;
  readonly columns?: ColumnsOf<OrderField>;
  readonly currency: string;
  readonly country?: string;
  readonly delimiter: string;
  readonly encoding: (typeof encodings)[number];
  readonly allowOpenEnd?: true;
  readonly rejects?: string;
  readonly json?: true;
}

const command = new Command("npm run import-orders --")
  .description("Stores the orders of CSV files. Run again, it adds what is not there yet, and nothing twice.")
  .argument("<files...>", "CSV files whose first row names the columns")
  .addOption(columnsOption(orderFields, "order_number=No,placed_at=Date"))
  .addOption(currencyOption().default("GBP"))
  .option("--country <country>", "the country of the customers where no column tells it")
  .option("--delimiter <character>", "what stands between cells", oneCharacter, ",")
  .addOption(new Option("--encoding <name>", "how the files are encoded").choices(encodings).default("utf-8"))
  .option("--allow-open-end", "take a last line without a line end for whole, not for one that was cut off")
  .option("--rejects <file>", "a CSV of the lines that were refused, and why; default: beside each, FILE.rejects.csv")
  .option("--json", "print a summary as a JSON object, and no progress")
  .addOption(addressOption())
  .addHelpText(
    "after",
    `
Fields of --columns: ${orderFields.join(", ")}.
Exit codes: 0 all lines are stored; 2 all but those that were refused; 1 an error; 130 interrupted.`,
  )
  .parse();
const { address, json, ...options } = command.opts<Options>();

await runScript(address, async (signal) => {
  signal.addEventListener("abort", () => (process.exitCode ??= exitCodes.interrupted));
  const files = command.args.map((path) => new OrderFile(path, fileOptions()));
  for (const file of files) await file.check();
  const client = createClient(OrderService, createGrpcTransport({ baseUrl: address }));
  const summaries: ImportSummary[] = [];
  for (const [file, rejects] of withRejects(files, options.rejects)) {
    const summary = await importOrders(client, file, rejects, { signal, quiet: json === true });
    summaries.push(summary);
    if (!json) show(summary, rejects.path);
  }
  if (json) console.log(JSON.stringify({ files: summaries }));
  process.exitCode = summaries.some(({ rejected }) => rejected > 0) ? exitCodes.rejected : 0;
});

function show({ file, added, present, rejected, amounts }: ImportSummary, rejects: string): void {
  const [some, before, refused] = [added, present, rejected].map((count) => count.toLocaleString("en"));
  const sums = Object.entries(amounts).map(([currency, amount]) => `; ${amount} ${currency}`);
  console.log(`${file}: ${some} orders added, ${before} there already, ${refused} lines refused${sums.join("")}`);
  if (rejected > 0) console.error(`what was refused, and why: ${rejects}`);
}

function fileOptions(): OrderFileOptions {
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
  throw new InvalidArgumentError("one character such as ; is needed, or \\t for a tab");
}
