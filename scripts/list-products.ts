import { toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Command } from "commander";
import { DigestChain } from "../client/order/digest-chain.ts";
import { moneyText } from "../client/shared/money-text.ts";
import { type Product, ProductSchema } from "../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { addressOption } from "./address-option.ts";
import { runScript } from "./run-script.ts";

const command = new Command("npm run list-products --")
  .description("Prints the catalogue, a line a product, and proves that it arrived whole.")
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
      onHeader: (header) => console.log(`${header.get("bourse-total-count")} products`),
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
    console.log(line(product));
  }
  check("count", String(count), trailer.get("bourse-sent-count"));
  check("digest", digest.hex, trailer.get("bourse-sha256"));
});

function line({ id, name, price }: Product): string {
  const amount = price ? moneyText(price) : "-";
  return `${id}  ${amount.padStart(14)}  ${name}`;
}

function check(what: string, received: string, announced: string | null): void {
  if (received === announced) {
    console.log(`${what} ${received}: as the server says`);
  } else {
    console.error(`${what} ${received}: the server says ${announced}, so something was lost on the way`);
    process.exitCode = 1;
  }
}
