import { file_test_wire_v1_wire_service } from "../../gen/test/wire/v1/wire_service_pb.ts";
import { setTrailer } from "../../server/transport/rpc/response-metadata.ts";
import { registerReflection } from "../../server/transport/services/reflection-service.ts";
import { startTransportServer, type TransportServer } from "../../server/transport/transport-server.ts";
import { registerWireService, type Scenario } from "../wire/wire-service.ts";
import { openCountingProxy } from "./counting-proxy.ts";
import { Notes } from "./notes.ts";
import { aborted, wireScenarios } from "./scenarios.ts";

// Serves the wire service with the limits of Bourse for one client. Prints its port and the port of a counting proxy to
// it, then runs until it receives a signal.

/** Longer than the time limit of a case, so that a restart never aborts a call. */
const graceMs = 60_000;

const notes = new Notes();
/** A promise for each stream that waits for a restart. Resolves when the server asks the client to reconnect. */
const hanging = new Set<Promise<void>>();
let generation = 1;

const scenarios: Record<string, Scenario> = {
  ...wireScenarios(notes),

  /** Shuts down the server like Bourse, and starts another one on the same port. */
  async *restart() {
    void restart();
    yield "";
  },

  /** Waits for the end of the server. A restart waits for this call. */
  async *"hang-until-restart"(context) {
    const { signal } = context;
    const ended = aborted(signal);
    setTrailer(context, { "x-reconnect": "yes" });
    hanging.add(ended);
    yield "hanging";
    await ended;
    throw signal.reason;
  },

  /** Responds when a restart has asked all open streams to reconnect. */
  async *outlast(context) {
    notes.post("outlasting");
    yield await notes.read(`streams ended ${generation}`, context.signal);
  },

  /** Returns the number of started servers. */
  async *generation() {
    yield String(generation);
  },

  /** Returns the traffic of the proxy as JSON. */
  async *traffic() {
    yield JSON.stringify(proxy.traffic);
  },

  /** Waits until the server has acknowledged pings at the proxy. The text is their number. */
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
