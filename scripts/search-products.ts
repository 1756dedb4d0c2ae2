import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command, InvalidArgumentError } from "commander";
import { parseMemorySize } from "../client/product/parse-memory-size.ts";
import { formatMoney, parseMoney } from "../client/shared/money-text.ts";
import type { MemorySchema } from "../gen/bourse/product/v1/product_pb.ts";
import { ProductService, type SearchProductsResponse } from "../gen/bourse/product/v1/product_service_pb.ts";
import type { MoneySchema } from "../gen/google/type/money_pb.ts";
import { addressOption } from "./shared/command-line-options.ts";
import { runScript } from "./shared/run-script.ts";
import { printLine } from "./shared/terminal-output.ts";

type Money = MessageInitShape<typeof MoneySchema>;

interface Options {
  readonly address: string;
  readonly minPrice?: Money;
  readonly maxPrice?: Money;
  readonly brand?: string;
  readonly minCores?: number;
  readonly minGhz?: number;
  readonly minRam?: MessageInitShape<typeof MemorySchema>;
  readonly limit?: number;
  readonly after?: string;
}

const command = new Command("npm run search-products --")
  .description("Prints the products that match all terms and filters, one per line.")
  .argument("[terms...]", "search terms, or their first letters")
  .option("--min-price <amount>", "at least this price, as in 500EUR", parseWith(price))
  .option("--max-price <amount>", "at most this price, in the same currency", parseWith(price))
  .option("--brand <brand>", "brand of a laptop")
  .option("--min-cores <number>", "at least this many CPU cores", parseWith(number))
  .option("--min-ghz <number>", "at least this base clock", parseWith(number))
  .option("--min-ram <amount>", "at least this memory, as in 16GB", parseWith(parseMemorySize))
  .option("--limit <number>", "at most this many products", parseWith(number))
  .option("--after <cursor>", "resume an earlier search; its last line has the cursor")
  .addOption(addressOption())
  .parse();
const { address, minPrice, maxPrice, limit, after, ...rest } = command.opts<Options>();

await runScript(address, async (signal) => {
  const client = createClient(ProductService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  let trailer = new Headers();
  const onTrailer = (received: Headers) => {
    trailer = received;
  };
  const request = {
    query: command.args.join(" "),
    ...((minPrice || maxPrice) && {
      price: { ...(minPrice && { min: minPrice }), ...(maxPrice && { max: maxPrice }) },
    }),
    ...(rest.brand && { brand: rest.brand }),
    ...(rest.minCores && { minCoreCount: rest.minCores }),
    ...(rest.minGhz && { minGhz: rest.minGhz }),
    ...(rest.minRam && { minRam: rest.minRam }),
    ...(limit && { limit }),
    ...(after && { resumeToken: Buffer.from(after, "base64") }),
  };
  for await (const found of client.searchProducts(request, { signal, onTrailer })) printLine(formatResult(found));
  printLine(`${trailer.get("bourse-sent-count")} products`);
  const cursor = trailer.get("bourse-cursor");
  if (cursor !== null) printLine(`cursor ${cursor}`);
});

function formatResult({ product, relevance }: SearchProductsResponse): string {
  const amount = product?.price ? formatMoney(product.price) : "-";
  return `${relevance?.toFixed(1) ?? "   "}  ${amount.padStart(14)}  ${product?.name}`;
}

function price(text: string): Money {
  const [, amount = "", currency = ""] = /^([\d.]+)\s*([A-Z]{3})$/.exec(text) ?? [];
  if (currency === "") throw new Error("expected an amount with its currency, such as 500EUR");
  return parseMoney(amount, currency);
}

function number(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new Error("expected a number");
}

function parseWith<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}
