import { createClient } from "@connectrpc/connect";
import { InstrumentSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatMessageJson } from "../shared/format-message-json.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { type Column, Table } from "../shared/table.ts";

const columns: readonly Column[] = [
  { title: "symbol", width: 16 },
  { title: "currency", width: 8 },
  { title: "name", width: 0 },
];

/** `bourse instruments`: prints the instruments. */
export function instrumentsCommand(): BourseCommand {
  return serverCommand("instruments", {
    description: "Prints all instruments, with or without quotes, one per line, sorted by symbol.",
    examples: [
      ["bourse instruments", "symbol, currency and name of each instrument"],
      ["bourse instruments --json", "each instrument as an object"],
    ],
  }).action(runCommand<ServerOptions>(listInstruments));
}

async function listInstruments({ options, signal, print, write }: CommandContext<ServerOptions>): Promise<void> {
  const client = createClient(QuoteService, connectTo(options));
  const { instruments } = await client.listInstruments({}, { signal });
  const table = new Table(columns, write);
  for (const instrument of instruments) {
    const { symbol, currency, name } = instrument;
    await (options.json ? print(formatMessageJson(InstrumentSchema, instrument)) : table.row([symbol, currency, name]));
  }
}
