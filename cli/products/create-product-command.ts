import { createClient } from "@connectrpc/connect";
import { ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { addProductInput, type ProductInputOptions, readProduct } from "./product-input.ts";

interface Options extends ServerOptions, ProductInputOptions {
  readonly id?: string;
}

/** `bourse products create`: adds a product. */
export function createProductCommand(): BourseCommand {
  const command = serverCommand("create", {
    description: "Adds a product, and prints its id.",
    examples: [
      ['bourse products create --name "Desk lamp" --price 49.90EUR', "a product with a price"],
      ["bourse products create --from laptop.json", "a product with all its attributes"],
    ],
  }).option("--id <id>", "id of the product, a UUID; default: the server chooses one");
  return addProductInput(command).action(runCommand<Options>(createProduct));
}

async function createProduct({ options, signal, print }: CommandContext<Options>): Promise<void> {
  const client = createClient(ProductService, connectTo(options));
  const product = await readProduct(options, signal);
  if (options.id !== undefined) product.id = options.id;
  const created = (await client.createProduct({ product }, { signal })).product;
  if (created !== undefined) await print(options.json ? formatMessageJson(ProductSchema, created) : created.id);
}
