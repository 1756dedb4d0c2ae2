import { createClient } from "@connectrpc/connect";
import { ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { runForEachId } from "../shared/run-for-each-id.ts";
import { connectTo } from "../shared/server-connection.ts";

interface Options extends ServerOptions {
  readonly etag?: string;
}

/** `bourse products delete`: deletes products. */
export function deleteProductsCommand(): BourseCommand {
  return serverCommand("delete", {
    description: "Deletes products. Their ids stay taken, and bourse products get --show-deleted still prints them.",
    examples: [
      ["bourse products delete 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11", "a product by its id"],
      [
        "bourse products delete 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11 --etag 9f2c4b1e8d7a6053",
        "only if nobody has changed it since",
      ],
    ],
    exitCodes: { 0: "all products are deleted", 1: "an error; the other products are deleted" },
  })
    .argument("<ids...>", "ids of products")
    .option("--etag <etag>", "delete the product only if it is in this state")
    .action(runCommand<Options>(deleteProducts));
}

async function deleteProducts({ args, options, signal, print }: CommandContext<Options>): Promise<number> {
  const client = createClient(ProductService, connectTo(options));
  const { etag = "" } = options;
  return runForEachId(args, async (id) => {
    const { product } = await client.deleteProduct({ id, etag }, { signal });
    if (product === undefined) return;
    await print(options.json ? formatMessageJson(ProductSchema, product) : `${product.id}  deleted`);
  });
}
