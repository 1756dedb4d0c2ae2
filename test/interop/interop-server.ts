import { file_test_wire_v1_wire_service } from "../../gen/test/wire/v1/wire_service_pb.ts";
import { setTrailer } from "../../server/transport/rpc/metadata.ts";
import { registerReflection } from "../../server/transport/services/reflection.ts";
import { startTransportServer, type TransportServer } from "../../server/transport/transport-server.ts";
import { registerWireService, type Scenario } from "../wire/wire-service.ts";
import { openCountingDoor } from "./counting-door.ts";
import { Notes } from "./notes.ts";
import { aborted, wireScenarios } from "./scenarios.ts";

// Serves the wire service with the product's limits, for one client. Prints its port and that of a door to it that
// counts, then runs until a signal ends it.

/** Longer than any case may take: a restart never cuts a call off. */
const graceMs = 60_000;

const notes = new Notes();
/** One for each stream that hangs until a restart; resolves when it was told to come back. */
const hanging = new Set<Promise<void>>();
let generation = 1;

const scenarios: Record<string, Scenario> = {
  ...wireScenarios(notes),

  /** Closes the server as the product does, and starts another on the same port. */
  async *restart() {
    void restart();
    yield "";
  },

  /** Waits for the server's end: a restart waits for it in turn. */
  async *"hang-until-restart"(context) {
    const { signal } = context;
    const ended = aborted(signal);
    setTrailer(context, { "x-come-back": "yes" });
    hanging.add(ended);
    yield "hanging";
    await ended;
    throw signal.reason;
  },

  /** Answers when a restart has told every stream that hangs to come back. */
  async *outlast(context) {
    notes.post("outlasting");
    yield await notes.read(`streams ended ${generation}`, context.signal);
  },

  /** Answers with how many servers there have been. */
  async *generation() {
    yield String(generation);
  },

  /** Answers with what has gone through the door so far, as JSON. */
  async *traffic() {
    yield JSON.stringify(door.traffic);
  },

  /** Waits until as many pings as the text says were answered at the door. */
  async *pings(context, _requests, text) {
    await door.pingsAnswered(Number(text), context.signal);
    yield "";
  },
};

let server = await start(0);
const port = Number(new URL(server.url).port);
const door = await openCountingDoor(port);
process.stdout.write(`${port} ${door.port}\n`);

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
