import { createClient } from "@connectrpc/connect";
import { InvalidArgumentError } from "commander";
import { ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { addProductInput, type ProductInputOptions, readProduct } from "./product-input.ts";

interface Options extends ServerOptions, ProductInputOptions {
  readonly fields?: readonly string[];
  readonly etag?: string;
}

/** `bourse products update`: changes fields of a product. */
export function updateProductCommand(): BourseCommand {
  const command = serverCommand("update", {
    description: "Changes fields of a product, all or none. Prints the etag of the new state.",
    examples: [
      ["bourse products update 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11 --price 39.90EUR", "the price"],
      ["bourse products update 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11 --fields description", "clears the description"],
      [
        "bourse products update 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11 --from laptop.json --fields laptop.ram",
        "one attribute from a file",
      ],
    ],
  })
    .argument("<id>", "id of the product")
    .option(
      "--fields <paths>",
      "fields to change, separated by commas, as in price,laptop.ram; one without a value is cleared; default: those with a value",
      parsePaths,
    )
    .option("--etag <etag>", "change the product only if it is in this state");
  return addProductInput(command).action(runCommand<Options>(updateProduct));
}

async function updateProduct({ args, options, signal, print }: CommandContext<Options>): Promise<void> {
  const { name, description, price, from, fields, etag } = options;
  const given = Object.entries({ name, description, price }).filter(([, value]) => value !== undefined);
  // A file has a whole product: without --fields the server replaces the fields that it has.
  const paths = fields ?? (from === undefined ? given.map(([field]) => field) : []);
  if (paths.length === 0 && from === undefined) {
    throw new Error("no field to change: use --name, --description, --price, --from or --fields");
  }
  const product = await readProduct(options, signal);
  product.id = args[0] ?? "";
  product.etag = etag ?? "";
  const client = createClient(ProductService, connectTo(options));
  const request = { product, ...(paths.length > 0 && { updateMask: { paths: [...paths] } }) };
  const updated = (await client.updateProduct(request, { signal })).product;
  if (updated === undefined) return;
  await print(options.json ? formatMessageJson(ProductSchema, updated) : `${updated.id}  etag ${updated.etag}`);
}

function parsePaths(text: string): string[] {
  const paths = text.split(",").map((path) => path.trim());
  if (paths.every((path) => path !== "")) return paths;
  throw new InvalidArgumentError("expected names of fields separated by commas, such as price,laptop.ram");
}
