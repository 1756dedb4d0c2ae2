import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command } from "commander";
import { type ProductField, productFields } from "../client/product/product-csv-columns.ts";
import type { ColumnMapping } from "../client/shared/csv-column-mapping.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { CsvFile } from "./csv-import/csv-file.ts";
import {
  importProductFile,
  newProductCounts,
  type ProductCounts,
  productFileOptions,
} from "./csv-import/product-importer.ts";
import { withRejects } from "./csv-import/rejects-file.ts";
import { addressOption, columnsOption, currencyOption } from "./shared/command-line-options.ts";
import { ProgressBar } from "./shared/progress-bar.ts";
import { exitCodes, runScript } from "./shared/run-script.ts";
import { printError, printLine } from "./shared/terminal-output.ts";

interface Options {
  readonly address: string;
  readonly currency?: string;
  readonly columns?: ColumnMapping<ProductField>;
  readonly update?: true;
  readonly rejects?: string;
  readonly quiet?: true;
}

const command = new Command("npm run import-products --")
  .description("Imports the products of CSV files. A second run adds only the missing products.")
  .argument("<files...>", `CSV files with a header; the known columns are ${productFields.join(", ")}`)
  .addOption(columnsOption(productFields, "name=Title,price=RRP"))
  .addOption(currencyOption())
  .option("--update", "update existing products with the values of the file")
  .option(
    "--rejects <file>",
    "CSV file for rejected lines and their reasons; default: FILE.rejects.csv beside each file",
  )
  .option("--quiet", "do not show progress")
  .addOption(addressOption())
  .addHelpText(
    "after",
    "\nExit codes: 0 all lines are stored; 1 an error; 2 some lines were rejected, all others are stored; 130 interrupted.",
  )
  .parse();
const { address, currency, columns: mapping, update, rejects: rejectsPath, quiet } = command.opts<Options>();

await runScript(address, async (signal) => {
  signal.addEventListener("abort", () => (process.exitCode ??= exitCodes.interrupted));
  const client = createClient(ProductService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  const files = command.args.map((path) => new CsvFile(path, productFileOptions));
  let hasRejects = false;
  for (const { file, rejects } of withRejects(files, rejectsPath)) {
    const { lines, isTruncated } = await file.countLines(signal);
    const counts = newProductCounts();
    try {
      using progress = new ProgressBar({ items: "lines", total: lines, quiet: quiet === true });
      const onProgress = (done: number) => progress.update(done);
      await importProductFile(
        file,
        { client, rejects, update: update === true, signal, onProgress, ...columnDefaults() },
        counts,
      );
    } finally {
      printLine(`${file.path}: ${formatCounts(counts)}`);
    }
    if (counts.rejected > 0) printError(`rejected lines and their reasons: ${rejects.path}`);
    hasRejects ||= counts.rejected > 0;
    if (isTruncated)
      printError(`${file.path}: the last line has no line end: check that product, because the file may be truncated`);
  }
  process.exitCode = hasRejects ? exitCodes.rejected : 0;
});

function columnDefaults() {
  return { ...(currency && { currency }), ...(mapping && { mapping }) };
}

function formatCounts({ added, updated, present, rejected }: ProductCounts): string {
  const count = (value: number) => value.toLocaleString("en");
  const existing = update ? `${count(updated)} updated` : `${count(present)} already stored`;
  return `${count(added)} products added, ${existing}, ${count(rejected)} lines rejected`;
}
