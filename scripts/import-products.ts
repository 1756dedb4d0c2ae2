import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command, InvalidArgumentError } from "commander";
import { parseFieldMapping } from "../client/field-mapping.ts";
import { type ProductMapping, productFields } from "../client/product-columns.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { countLines } from "./csv-file.ts";
import { type ImportCounts, importProducts } from "./product-import.ts";
import { ProgressBar } from "./progress-bar.ts";
import { RejectedFile } from "./rejected-file.ts";
import { runScript } from "./run-script.ts";

interface Options {
  readonly address: string;
  readonly currency?: string;
  readonly columns?: ProductMapping;
  readonly update?: true;
  readonly rejected?: string;
  readonly quiet?: true;
}

const command = new Command("npm run import-products --")
  .description("Brings the products of CSV files into the catalogue. A second run adds nothing.")
  .argument("<file...>", `CSV files whose first row names the columns, of ${productFields.join(", ")}`)
  .option("--currency <code>", "the currency of all prices, where no column tells it, as in GBP", currencyCode)
  .option("--columns <columns>", "which columns have what, as in name=Title,price=RRP", columnMapping)
  .option("--update", "give products that are there already the values of the file")
  .option("--rejected <file>", "where the lines go that were not taken, with reasons; default: beside each file")
  .option("--quiet", "show no progress")
  .addOption(addressOption())
  .parse();
const { address, currency, columns: mapping, update, rejected: rejectedPath, quiet } = command.opts<Options>();
if (rejectedPath !== undefined && command.args.length > 1) command.error("error: --rejected goes with one file");

await runScript(address, async (signal) => {
  const client = createClient(ProductService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  for (const path of command.args) {
    const { lines, isCutOff } = await countLines(path);
    const counts: ImportCounts = { added: 0, updated: 0, known: 0 };
    await using rejected = new RejectedFile(rejectedPath ?? `${path}.rejected.csv`);
    try {
      using progress = new ProgressBar({ items: "lines", total: lines, quiet: quiet === true });
      const onProgress = (done: number) => progress.update(done);
      await importProducts(path, { client, rejected, update: update === true, signal, onProgress, ...given() }, counts);
    } finally {
      console.log(`${path}: ${summary(counts, rejected.count)}`);
    }
    if (rejected.count > 0) {
      console.error(`${path}: the lines that were not taken are in ${rejected.path}, with the reasons`);
      process.exitCode = 1;
    }
    if (isCutOff) console.error(`${path}: its last line has no end: if the file was cut off, look at that product`);
  }
});

function given() {
  return { ...(currency && { currency }), ...(mapping && { mapping }) };
}

function summary({ added, updated, known }: ImportCounts, rejected: number): string {
  const count = (value: number) => value.toLocaleString("en");
  const there = update ? `${count(updated)} brought up to date` : `${count(known)} there already`;
  return `${count(added)} added, ${there}, ${count(rejected)} rejected`;
}

function currencyCode(text: string): string {
  if (/^[A-Z]{3}$/.test(text)) return text;
  throw new InvalidArgumentError("three capital letters such as GBP are needed");
}

function columnMapping(text: string): ProductMapping {
  try {
    return parseFieldMapping(text, productFields, "name=Title,price=RRP");
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
