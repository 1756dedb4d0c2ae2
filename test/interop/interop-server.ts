import { file_test_wire_v1_wire_service } from "../../gen/test/wire/v1/wire_service_pb.ts";
import { setTrailer } from "../../server/transport/rpc/response-metadata.ts";
import { registerReflection } from "../../server/transport/services/reflection-service.ts";
import { startTransportServer, type TransportServer } from "../../server/transport/transport-server.ts";
import { registerWireService, type Scenario } from "../wire/wire-service.ts";
import { openCountingProxy } from "./counting-proxy.ts";
import { Notes } from "./notes.ts";
import { aborted, wireScenarios } from "./scenarios.ts";

// Serves the wire service with the product's limits, for one client. Prints its port and that of a proxy to it that
// counts, then runs until a signal ends it.

/** Longer than any case may take: a restart never cuts a call off. */
const graceMs = 60_000;

const notes = new Notes();
/** One for each stream that hangs until a restart; resolves when it was asked to reconnect. */
const hanging = new Set<Promise<void>>();
let generation = 1;

const scenarios: Record<string, Scenario> = {
  ...wireScenarios(notes),

  /** Closes the server as the product does, and starts another on the same port. */
  async *restart() {
    void restart();
    yield "";
  },

  /** Waits for the end of the server, which a restart waits for. */
  async *"hang-until-restart"(context) {
    const { signal } = context;
    const ended = aborted(signal);
    setTrailer(context, { "x-reconnect": "yes" });
    hanging.add(ended);
    yield "hanging";
    await ended;
    throw signal.reason;
  },

  /** Responds when a restart has asked every open stream to reconnect. */
  async *outlast(context) {
    notes.post("outlasting");
    yield await notes.read(`streams ended ${generation}`, context.signal);
  },

  /** Answers with how many servers there have been. */
  async *generation() {
    yield String(generation);
  },

  /** Responds with the traffic through the proxy, as JSON. */
  async *traffic() {
    yield JSON.stringify(proxy.traffic);
  },

  /** Waits until the server has answered pings at the proxy; the text is their number. */
  async *pings(context, _requests, text) {
    await proxy.pingsAnswered(Number(text), context.signal);
    yield "";
  },
};

let server = await start(0);
const port = Number(new URL(server.url).port);
const proxy = await openCountingProxy(port);
process.stdout.write(`${port} ${proxy.port}\n`);

function start(onPort: number): Promise<TransportServer> {
  return startTransportServer({
    host: "127.0.0.1",
    port: onPort,
    routes(router) {
      registerWireService(router, scenarios);
      registerReflection(router, [file_test_wire_v1_wire_service]);
    },
    otherwise: (exchange) => exchange.abort(),
  });
}

async function restart(): Promise<void> {
  const closed = server.close(graceMs);
  await Promise.all(hanging);
  hanging.clear();
  notes.post(`streams ended ${generation}`, "outlasted");
  await closed;
  generation++;
  server = await start(port);
}
