import { createClient } from "@connectrpc/connect";
import type { ColumnMapping } from "../../client/shared/csv-column-mapping.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { CsvFile } from "../csv/csv-file.ts";
import { formatUnusedColumns } from "../csv/format-unused-columns.ts";
import { withRejects } from "../csv/rejects-file.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { columnsOption, currencyOption } from "../shared/option-parsers.ts";
import { ProgressBar } from "../shared/progress-bar.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { printError } from "../shared/terminal-output.ts";
import { type ProductField, productFields } from "./product-csv-columns.ts";
import { importProductFile, newProductCounts, type ProductCounts, productFileOptions } from "./product-importer.ts";

interface Options extends ServerOptions {
  readonly currency?: string;
  readonly columns?: ColumnMapping<ProductField>;
  readonly update?: true;
  readonly rejects?: string;
}

/** `bourse products import`: imports CSV files. */
export function importProductsCommand(): BourseCommand {
  return serverCommand("import", {
    description: "Imports the products of CSV files. A second run adds only the missing products.",
    examples: [
      ["bourse products import products.csv", "a file with the columns name, price and currency"],
      ["bourse products import shop.csv --columns name=Title,price=RRP --currency EUR", "other column names"],
      ["bourse products import products.csv --update", "change existing products too"],
    ],
    exitCodes: { 0: "all lines are stored", 2: "some lines were rejected, all others are stored" },
  })
    .argument("<files...>", `CSV files with a header; the known columns are ${productFields.join(", ")}`)
    .addOption(columnsOption(productFields, "name=Title,price=RRP"))
    .addOption(currencyOption())
    .option("--update", "update existing products with the values of the file")
    .option(
      "--rejects <file>",
      "CSV file for rejected lines and their reasons; default: FILE.rejects.csv beside each file",
    )
    .action(runCommand<Options>(importProducts));
}

async function importProducts({ args, options, signal, print, note }: CommandContext<Options>): Promise<number> {
  const { currency, columns: mapping, update, rejects: rejectsPath, quiet, json } = options;
  const client = createClient(ProductService, connectTo(options));
  const files = args.map((path) => new CsvFile(path, productFileOptions));
  let hasRejects = false;
  for (const { file, rejects } of withRejects(files, rejectsPath)) {
    const { lines, isTruncated } = await file.countLines(signal);
    const counts = newProductCounts();
    try {
      using progress = new ProgressBar({ items: "lines", total: lines, quiet: quiet === true || json === true });
      await importProductFile(
        file,
        {
          client,
          rejects,
          update: update === true,
          signal,
          onUnusedColumns: (names) => note(formatUnusedColumns(file.path, names)),
          onProgress: (done) => progress.update(done),
          ...(currency && { currency }),
          ...(mapping && { mapping }),
        },
        counts,
      );
    } finally {
      await print(json ? JSON.stringify({ file: file.path, ...counts }) : formatCounts(file.path, counts, update));
    }
    if (counts.rejected > 0) printError(`rejected lines and their reasons: ${rejects.path}`);
    hasRejects ||= counts.rejected > 0;
    if (isTruncated)
      printError(`${file.path}: the last line has no line end: check that product, because the file may be truncated`);
  }
  return hasRejects ? exitCodes.rejected : exitCodes.success;
}

function formatCounts(path: string, { added, updated, present, rejected }: ProductCounts, update?: true): string {
  const count = (value: number) => value.toLocaleString("en");
  const existing = update ? `${count(updated)} updated` : `${count(present)} already stored`;
  return `${path}: ${count(added)} products added, ${existing}, ${count(rejected)} lines rejected`;
}
