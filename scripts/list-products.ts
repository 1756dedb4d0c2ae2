import { toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command } from "commander";
import { DigestChain } from "../client/order/digest-chain.ts";
import { formatMoney } from "../client/shared/money-text.ts";
import { type Product, ProductSchema } from "../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { addressOption } from "./shared/command-line-options.ts";
import { runScript } from "./shared/run-script.ts";
import { printError, printLine } from "./shared/terminal-output.ts";

const command = new Command("npm run list-products --")
  .description("Prints the catalogue, one product per line, and verifies that it is complete.")
  .addOption(addressOption())
  .parse();
const { address } = command.opts<{ address: string }>();

await runScript(address, async (signal) => {
  const client = createClient(ProductService, createConnectTransport({ baseUrl: address, httpVersion: "2" }));
  let trailer = new Headers();
  const products = client.listProducts(
    {},
    {
      signal,
      onHeader: (header) => printLine(`${header.get("bourse-total-count")} products`),
      onTrailer: (received) => {
        trailer = received;
      },
    },
  );
  const digest = new DigestChain();
  let count = 0;
  for await (const { product } of products) {
    if (!product) continue;
    digest.add(toBinary(ProductSchema, product));
    count++;
    printLine(formatProduct(product));
  }
  check("count", String(count), trailer.get("bourse-sent-count"));
  check("digest", digest.hex, trailer.get("bourse-sha256"));
});

function formatProduct({ id, name, price }: Product): string {
  const amount = price ? formatMoney(price) : "-";
  return `${id}  ${amount.padStart(14)}  ${name}`;
}

function check(what: string, received: string, announced: string | null): void {
  if (received === announced) {
    printLine(`${what} ${received}, verified`);
  } else {
    printError(
      `${what} ${received}, but the server announced ${announced ?? "none"}: the list differs from the server's, so run it again`,
    );
    process.exitCode = 1;
  }
}
