import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";
import { createClient } from "@connectrpc/connect";
import { orderFields } from "../../client/order/order-fields.ts";
import { type Submission, submitOrders } from "../../client/order/submit-orders.ts";
import { OrderService, type SubmitOrdersResponse } from "../../gen/bourse/order/v1/order_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { commandRetryPolicy } from "../shared/command-retry-policy.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { exitCodes } from "../shared/exit-codes.ts";
import { currencyOption } from "../shared/option-parsers.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { splitLines } from "../shared/split-lines.ts";
import { printError } from "../shared/terminal-output.ts";
import { formatRejection } from "./format-rejection.ts";
import { orderJsonParser } from "./parse-order-json.ts";

interface Options extends ServerOptions {
  readonly currency: string;
}

/** An order, and the number of its line, from 1. */
interface OrderLine extends Submission {
  readonly line: number;
}

/** `bourse orders submit`: submits orders as they arrive. */
export function submitOrdersCommand(): BourseCommand {
  return serverCommand("submit", {
    description:
      "Submits orders, a JSON object in each line, and prints the sequence number of each as soon as it is stored. " +
      `The fields are those of an export: ${orderFields.join(", ")}. ` +
      "The server stores an order with the same key once; the field key sets it. Default: a new random key.",
    examples: [
      [
        `echo '{"order_number":"1","product_code":"LAMP","quantity":2,"placed_at":"2026-11-30","unit_price":"49.90","country":"France"}' | bourse orders submit`,
        "one order",
      ],
      ["bourse orders submit orders.ndjson --currency EUR", "the orders of a file"],
      ["bourse orders submit orders.ndjson --json", "the result of each order as an object"],
    ],
    exitCodes: { 0: "all orders are stored", 2: "some orders were rejected, all others are stored" },
  })
    .argument("[file]", "file with an order in each line, or - for standard input", "-")
    .addOption(currencyOption().default("GBP"))
    .action(runCommand<Options>(submit));
}

async function submit(context: CommandContext<Options>): Promise<number> {
  const { options, signal, print } = context;
  const counts = { stored: 0, duplicate: 0, rejected: 0 };
  const reject = async (line: number, reason: string) => {
    counts.rejected++;
    if (options.json) await print(JSON.stringify({ line, rejected: reason }));
    else printError(`line ${line}: ${reason}`);
  };
  const client = createClient(OrderService, connectTo(options));
  try {
    const orders = await afterFirst(readOrders(context, reject));
    for await (const { submission, answer } of submitOrders(client, orders, { signal, ...commandRetryPolicy() })) {
      const { line, order } = submission;
      const { result } = answer;
      if (result.case !== "accepted") {
        await reject(line, formatReason(result));
        continue;
      }
      const { sequence, duplicate } = result.value;
      counts[duplicate ? "duplicate" : "stored"]++;
      await print(
        options.json
          ? JSON.stringify({ line, key: order.key, sequence: Number(sequence), duplicate })
          : `order ${sequence}  key ${order.key}${duplicate ? "  already stored" : ""}`,
      );
    }
  } finally {
    process.stdin.destroy(); // an open standard input keeps the process alive
  }
  if (!options.json) {
    await print(`${counts.stored} orders stored, ${counts.duplicate} already stored, ${counts.rejected} rejected`);
  }
  return counts.rejected > 0 ? exitCodes.rejected : exitCodes.success;
}

async function* readOrders(
  { args: [file = "-"], options, signal }: CommandContext<Options>,
  reject: (line: number, reason: string) => Promise<void>,
): AsyncGenerator<OrderLine, void, undefined> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  addAbortSignal(signal, input);
  const parse = orderJsonParser(options.currency);
  let line = 0;
  for await (const text of splitLines(input.setEncoding("utf8"))) {
    line++;
    if (text.trim() === "") continue;
    let order: ReturnType<typeof parse>;
    try {
      order = parse(text);
    } catch (error) {
      await reject(line, (error as Error).message);
      continue;
    }
    yield { line, order: { key: randomUUID(), ...order } };
  }
}

/** Reads the first item before it returns: a server ends a call whose first request does not arrive within a minute. */
async function afterFirst<T>(items: AsyncGenerator<T, void, undefined>): Promise<AsyncIterable<T>> {
  const first = await items.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* items;
  })();
}

const keyTaken =
  "another order is stored under this key, and stored orders cannot be changed: submit a changed order with a new key";

function formatReason(result: SubmitOrdersResponse["result"]): string {
  return result.case === "rejected"
    ? formatRejection(result.value, keyTaken)
    : "the server responded without a result: it may be newer than this command";
}
