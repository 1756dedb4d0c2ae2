import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command } from "commander";
import { type ProductField, productFields } from "../client/product/product-columns.ts";
import type { ColumnsOf } from "../client/shared/csv-columns.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { columnsOption } from "./columns-option.ts";
import { CsvFile } from "./csv-file.ts";
import { currencyOption } from "./currency-option.ts";
import { importProducts, newProductCounts, type ProductCounts, productFileOptions } from "./product-import.ts";
import { ProgressBar } from "./progress-bar.ts";
import { withRejects } from "./rejects-file.ts";
import { exitCodes, runScript } from "./run-script.ts";

interface Options {
  readonly address: string;
  readonly currency?: string;
  readonly columns?: ColumnsOf<ProductField>;
  readonly update?: true;
  readonly rejects?: string;
  readonly quiet?: true;
}

const command = new Command("npm run import-products --")
  .description("Brings the products of CSV files into the catalogue. A second run adds nothing.")
  .argument("<files...>", `CSV files whose first row names the columns, of ${productFields.join(", ")}`)
  .addOption(columnsOption(productFields, "name=Title,price=RRP"))
  .addOption(currencyOption())
  .option("--update", "give products that are there already the values of the file")
  .option("--rejects <file>", "a CSV of the lines that were refused, and why; default: beside each, FILE.rejects.csv")
  .option("--quiet", "show no progress")
  .addOption(addressOption())
  .addHelpText(
    "after",
    "\nExit codes: 0 all lines are stored; 2 all but those that were refused; 1 an error; 130 interrupted.",
  )
  .parse();
const { address, currency, columns: mapping, update, rejects: rejectsPath, quiet } = command.opts<Options>();

await runScript(address, async (signal) => {
  signal.addEventListener("abort", () => (process.exitCode ??= exitCodes.interrupted));
  const client = createClient(ProductService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  const files = command.args.map((path) => new CsvFile(path, productFileOptions));
  let isAllTaken = true;
  for (const [file, rejects] of withRejects(files, rejectsPath)) {
    const { lines, isCutOff } = await file.countLines(signal);
    const counts = newProductCounts();
    try {
      using progress = new ProgressBar({ items: "lines", total: lines, quiet: quiet === true });
      const onProgress = (done: number) => progress.update(done);
      await importProducts(file, { client, rejects, update: update === true, signal, onProgress, ...given() }, counts);
    } finally {
      console.log(`${file.path}: ${summary(counts)}`);
    }
    if (counts.rejected > 0) console.error(`what was refused, and why: ${rejects.path}`);
    isAllTaken &&= counts.rejected === 0;
    if (isCutOff) console.error(`${file.path}: its last line has no end: if it was cut off, look at that product`);
  }
  process.exitCode = isAllTaken ? 0 : exitCodes.rejected;
});

function given() {
  return { ...(currency && { currency }), ...(mapping && { mapping }) };
}

function summary({ added, updated, known, rejected }: ProductCounts): string {
  const count = (value: number) => value.toLocaleString("en");
  const there = update ? `${count(updated)} brought up to date` : `${count(known)} there already`;
  return `${count(added)} products added, ${there}, ${count(rejected)} lines refused`;
}
