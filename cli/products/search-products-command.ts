import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { InvalidArgumentError } from "commander";
import { parseMemorySize } from "../../client/product/parse-memory-size.ts";
import { formatMoney } from "../../client/shared/money-text.ts";
import type { MemorySchema } from "../../gen/bourse/product/v1/product_pb.ts";
import {
  ProductService,
  type SearchProductsResponse,
  SearchProductsResponseSchema,
} from "../../gen/bourse/product/v1/product_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { parseWith } from "../shared/option-parsers.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { type Column, Table } from "../shared/table.ts";
import { type Money, parsePrice } from "./parse-price.ts";

interface Options extends ServerOptions {
  readonly minPrice?: Money;
  readonly maxPrice?: Money;
  readonly brand?: string;
  readonly minCores?: number;
  readonly minGhz?: number;
  readonly minRam?: MessageInitShape<typeof MemorySchema>;
  readonly limit?: number;
  readonly after?: string;
}

const columns: readonly Column[] = [
  { title: "id", width: 36, style: "dim" },
  { title: "rel", width: 3, align: "right", style: "dim" },
  { title: "price", width: 14, align: "right" },
  { title: "name", width: 0 },
];

/** `bourse products search`: prints the products that match. */
export function searchProductsCommand(): BourseCommand {
  return serverCommand("search", {
    description: "Prints the products that match all terms and filters, one per line.",
    examples: [
      ["bourse products search kestrel air --min-ram 16GB --max-price 2000USD", "terms, and properties of a laptop"],
      ["bourse products search --brand kestrel --json", "all products of a brand as objects"],
      [
        "bourse products search lamp --limit 10",
        "the first ten; the last line has the cursor for --after if there may be more",
      ],
    ],
  })
    .argument("[terms...]", "search terms, or their first letters")
    .option("--min-price <amount>", "at least this price, as in 500EUR", parsePrice)
    .option("--max-price <amount>", "at most this price, in the same currency", parsePrice)
    .option("--brand <brand>", "brand of a laptop")
    .option("--min-cores <number>", "at least this many CPU cores", parseNumber)
    .option("--min-ghz <number>", "at least this base clock", parseNumber)
    .option("--min-ram <amount>", "at least this memory, as in 16GB", parseWith(parseMemorySize))
    .option("--limit <number>", "at most this many products", parseNumber)
    .option("--after <cursor>", "resume an earlier search; its last line has the cursor")
    .action(runCommand<Options>(searchProducts));
}

async function searchProducts({ args, options, signal, print, write }: CommandContext<Options>): Promise<void> {
  const { minPrice, maxPrice, limit, after, ...rest } = options;
  let trailer = new Headers();
  const onTrailer = (received: Headers) => {
    trailer = received;
  };
  const request = {
    query: args.join(" "),
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
  const client = createClient(ProductService, connectTo(options));
  const table = new Table(columns, write);
  for await (const found of client.searchProducts(request, { signal, onTrailer })) {
    await (options.json ? print(formatMessageJson(SearchProductsResponseSchema, found)) : table.row(cellsOf(found)));
  }
  if (options.json || options.quiet) return; // an object has its resume token
  const count = Number(trailer.get("bourse-sent-count"));
  await print(`${count} products`);
  const cursor = trailer.get("bourse-cursor");
  if (cursor !== null && count === limit) await print(`cursor ${cursor}`);
}

function cellsOf({ product, relevance }: SearchProductsResponse): string[] {
  return [
    product?.id ?? "",
    relevance?.toFixed(1) ?? "",
    product?.price ? formatMoney(product.price) : "-",
    product?.name ?? "",
  ];
}

function parseNumber(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a number");
}
