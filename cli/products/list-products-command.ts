import { toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { DigestChain } from "../../client/order/digest-chain.ts";
import { formatMoney } from "../../client/shared/money-text.ts";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { type Column, Table } from "../shared/table.ts";
import { printError } from "../shared/terminal-output.ts";

const columns: readonly Column[] = [
  { title: "id", width: 36, style: "dim" },
  { title: "price", width: 14, align: "right" },
  { title: "name", width: 0 },
];

/** `bourse products list`: prints the catalogue. */
export function listProductsCommand(): BourseCommand {
  return serverCommand("list", {
    description: "Prints the catalogue, one product per line, and verifies that it is complete.",
    examples: [
      ["bourse products list", "id, price and name of each product"],
      ["bourse products list --json > catalogue.ndjson", "each product as an object"],
    ],
  }).action(runCommand<ServerOptions>(listProducts));
}

async function listProducts(context: CommandContext<ServerOptions>): Promise<number | undefined> {
  const { options, signal, print, write } = context;
  let header = new Headers();
  let trailer = new Headers();
  const products = createClient(ProductService, connectTo(options)).listProducts(
    {},
    {
      signal,
      onHeader: (received) => {
        header = received;
      },
      onTrailer: (received) => {
        trailer = received;
      },
    },
  );
  const digest = new DigestChain();
  let count = 0;
  const table = new Table(columns, write);
  const isBrief = options.json || options.quiet;
  const printTotal = async () => {
    if (!isBrief) await print(`${header.get("bourse-total-count")} products`);
  };
  for await (const { product } of products) {
    if (!product) continue;
    if (count === 0) await printTotal();
    digest.add(toBinary(ProductSchema, product));
    count++;
    await (options.json ? print(formatMessageJson(ProductSchema, product)) : table.row(cellsOf(product)));
  }
  if (count === 0) await printTotal();
  const isComplete = [
    await check("count", String(count), trailer.get("bourse-sent-count"), context),
    await check("digest", digest.hex, trailer.get("bourse-sha256"), context),
  ];
  return isComplete.includes(false) ? exitCodes.error : undefined;
}

function cellsOf({ id, name, price }: Product): string[] {
  return [id, price ? formatMoney(price) : "-", name];
}

async function check(
  what: string,
  received: string,
  announced: string | null,
  { options, print }: CommandContext<ServerOptions>,
): Promise<boolean> {
  if (received === announced) {
    if (!options.json && !options.quiet) await print(`${what} ${received}, verified`);
    return true;
  }
  printError(
    `${what} ${received}, but the server announced ${announced ?? "none"}: the list differs from the server's, so run it again`,
  );
  return false;
}
