import { createClient } from "@connectrpc/connect";
import { formatMoney } from "../../client/shared/money-text.ts";
import { formatTimestamp } from "../../client/shared/timestamp-text.ts";
import {
  type GetProductResponse,
  GetProductResponseSchema,
  ProductService,
} from "../../gen/bourse/product/v1/product_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { type Column, Table } from "../shared/table.ts";
import { formatLaptop } from "./format-laptop.ts";

interface Options extends ServerOptions {
  readonly showDeleted?: true;
}

const columns: readonly Column[] = [
  { title: "field", width: 11, style: "bold" },
  { title: "value", width: 0 },
];

/** `bourse products get`: prints a product. */
export function getProductCommand(): BourseCommand {
  return serverCommand("get", {
    description: "Prints a product with its ratings.",
    examples: [
      ["bourse products get 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11", "the fields of a product"],
      ["bourse products get 0c9a3f3e-6f0e-4a53-9a0c-5f3f5d2f7b11 --json", "an object with all fields"],
    ],
  })
    .argument("<id>", "id of the product; bourse products list prints the ids")
    .option("--show-deleted", "print a deleted product too")
    .action(runCommand<Options>(getProduct));
}

async function getProduct({ args, options, signal, print, write }: CommandContext<Options>): Promise<void> {
  const client = createClient(ProductService, connectTo(options));
  const [id = ""] = args;
  const found = await client.getProduct({ id, showDeleted: options.showDeleted === true }, { signal });
  if (options.json) return print(formatMessageJson(GetProductResponseSchema, found));
  const table = new Table(columns, write);
  for (const [field, value] of fieldsOf(found)) if (value !== "") await table.row([field, value]);
}

function fieldsOf({ product, rating }: GetProductResponse): [field: string, value: string][] {
  if (product === undefined) return [];
  const { id, name, description, price, attributes, createTime, updateTime, deleteTime, etag, images } = product;
  return [
    ["id", id],
    ["name", name],
    ["price", price ? formatMoney(price) : "-"],
    ["description", description],
    ...(attributes.case === "laptop" ? formatLaptop(attributes.value) : []),
    ["rating", rating?.count ? `${rating.average.toFixed(2)} of ${rating.count} scores` : ""],
    ["created", createTime ? formatTimestamp(createTime) : ""],
    ["updated", updateTime ? formatTimestamp(updateTime) : ""],
    ["deleted", deleteTime ? formatTimestamp(deleteTime) : ""],
    ["etag", etag],
    ...images.map(({ uploadId, contentType }): [string, string] => ["image", `${uploadId}  ${contentType}`]),
  ];
}
