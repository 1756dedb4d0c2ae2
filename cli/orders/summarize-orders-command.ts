import { createClient } from "@connectrpc/connect";
import { GetOrderSummaryResponseSchema, OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { type Column, Table } from "../shared/table.ts";
import { addOrderFilter, type OrderFilterOptions, orderFilterOf } from "./order-filter-options.ts";

type Options = ServerOptions & OrderFilterOptions;

const columns: readonly Column[] = [
  { title: "currency", width: 8, style: "bold" },
  { title: "orders", width: 12, align: "right" },
  { title: "amount", width: 20, align: "right" },
];

/** `bourse orders summary`: counts and sums orders. */
export function summarizeOrdersCommand(): BourseCommand {
  const command = serverCommand("summary", {
    description: "Counts the selected orders, and sums their amounts by currency.",
    examples: [
      ["bourse orders summary", "all orders"],
      ["bourse orders summary --country France --cancellations excluded", "some orders"],
      ["bourse orders summary --json", "an object, with exact amounts"],
    ],
  });
  return addOrderFilter(command).action(runCommand<Options>(summarizeOrders));
}

async function summarizeOrders({ options, signal, print, write }: CommandContext<Options>): Promise<void> {
  const client = createClient(OrderService, connectTo(options));
  const summary = await client.getOrderSummary({ filter: orderFilterOf(options) }, { signal });
  if (options.json) return print(formatMessageJson(GetOrderSummaryResponseSchema, summary));
  const table = new Table(columns, write);
  for (const { currencyCode, orderCount, amount } of summary.totals) {
    await table.row([currencyCode, orderCount.toLocaleString("en"), amount?.value ?? "0"]);
  }
  await print(`${summary.orderCount.toLocaleString("en")} orders`);
}
