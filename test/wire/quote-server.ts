import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { InstrumentSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { QuoteHub } from "../../server/quote/hub/quote-hub.ts";
import { quoteService } from "../../server/quote/quote-service.ts";
import { ManualTime, someMonday } from "../../server/shared/testing/manual-time.ts";
import { serviceOptions } from "../../server/shared/testing/serve-service.ts";
import { startWireServer } from "./start-wire-server.ts";

/** A server of QuoteService on a free port. The test publishes to its hub and controls its time. */
export async function startQuoteServer(symbols: readonly string[]) {
  const time = new ManualTime();
  const hub = new QuoteHub({
    epoch: 5n,
    now: time.now,
    timers: time.timers,
    instruments: symbols.map((symbol) => create(InstrumentSchema, { symbol })),
  });
  const server = await startWireServer(
    {},
    serviceOptions([QuoteService], (router) => router.service(QuoteService, quoteService({ hub, newId: randomUUID }))),
  );
  const publish = (...published: string[]) =>
    hub.publish(published.map((symbol) => ({ symbol, last: 1, sourceTime: someMonday })));
  return { time, hub, server, publish };
}

export type QuoteServer = Awaited<ReturnType<typeof startQuoteServer>>;
