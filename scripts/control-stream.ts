// Pauses and resumes a running stream by other calls, as a page in a browser does: node scripts/control-stream.ts SYMBOL
import { setTimeout } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { WatchCommandSchema } from "../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";

const baseUrl = process.env.BOURSE_ADDRESS ?? "http://127.0.0.1:8080";
const symbols = [process.argv[2] ?? "*"];

const client = createClient(QuoteService, createConnectTransport({ baseUrl, httpVersion: "2" }));
const live = Promise.withResolvers<string>();
const end = new AbortController();
let received = 0;

const watching = watch();
await Promise.race([live.promise, watching]); // a call that fails never gets live
await send({ id: 1n, command: { case: "pause", value: { symbols } } });
const before = received;
await setTimeout(2_000);
console.log("quotes during the pause:", received - before);
await send({ id: 2n, command: { case: "resume", value: { symbols } } });
await setTimeout(2_000);
console.log("quotes after the pause:", received - before);
end.abort();
await watching;

async function watch(): Promise<void> {
  let streamId = "";
  const onHeader = (headers: Headers) => {
    streamId = headers.get("bourse-stream-id") ?? "";
  };
  try {
    for await (const { quotes, event } of client.watchQuotes({ symbols }, { onHeader, signal: end.signal })) {
      received += quotes.length;
      if (event.case === "caughtUp") live.resolve(streamId);
      if (event.case === "commandResult") console.log("the stream has applied command", event.value.id);
    }
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Canceled) throw error;
  }
}

async function send(command: MessageInitShape<typeof WatchCommandSchema>): Promise<void> {
  const { result } = await client.updateWatch({ streamId: await live.promise, command });
  for (const { symbol } of result?.subscriptions ?? []) console.log("command", command.id, "applies to", symbol);
}
