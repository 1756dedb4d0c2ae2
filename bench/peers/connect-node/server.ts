import { on } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { BenchService } from "../../../gen/bench/v1/bench_service_pb.ts";
import type { Quote } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { announce } from "../shared/announce.ts";
import { benchHandlers } from "../shared/bench-handlers.ts";
import { plainQuotes } from "../shared/plain-quotes.ts";

// A typical Connect server for Node, as its documentation shows it, with plaintext HTTP/2.

const { quotes, source } = plainQuotes();

const routes = (router: ConnectRouter) =>
  router.service(BenchService, {
    ...benchHandlers(source),
    async *watch(_request, { signal }) {
      const events = on(quotes, "quote", { signal });
      yield {};
      for await (const [quote] of events) yield { quote: quote as Quote };
    },
  });

const server = createServer(connectNodeAdapter({ routes }));
server.listen(0, "127.0.0.1", () => announce((server.address() as AddressInfo).port));
