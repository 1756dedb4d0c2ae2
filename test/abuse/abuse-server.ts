import { performServerHandshake } from "node:http2";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { GCProfiler, queryObjects } from "node:v8";
import { createApp } from "../../server/app.ts";
import { readCommandLine } from "../../server/config/command-line.ts";
import { createLogger } from "../../server/logging/logger.ts";
import { Call } from "../../server/transport/rpc/call.ts";
import { limitsUnderAttack } from "./limits-under-attack.ts";
import type { ServerMessage, ServerRequest } from "./server-numbers.ts";

// The whole server in a process that its tests can ask for numbers. It ends with the process that started it.

const commandLine = readCommandLine(process.argv.slice(2), {}, "0.0.0");
if (commandLine.kind !== "serve" || process.send === undefined || globalThis.gc === undefined) {
  throw new Error("to be started by the abuse tests, with settings of the server, an IPC channel and --expose-gc");
}
const collectGarbage = globalThis.gc;
const config = { ...commandLine.config, limits: limitsUnderAttack };
const app = await createApp(config, createLogger(config));
const sessionType = http2SessionType();
const prototypeKeys = Reflect.ownKeys(Object.prototype).length;

send({ kind: "up", url: app.url });
process.on("message", (request: ServerRequest) => {
  if (request === "measure") void measure();
  else send({ kind: "peakHeap", bytes: takePeakHeap() });
});
process.once("disconnect", () => process.exit(0));

/** Counts what is alive after a garbage collection, so that what merely waits for one does not count. */
async function measure(): Promise<void> {
  // Memory of ended calls is freed in later iterations of the event loop, and the canary must be served in between.
  const counts: number[] = [];
  // Sockets first: while this process counts, the canary opens more of HTTP/1.1.
  for (const type of [Socket, Call, sessionType]) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
    counts.push(Number(queryObjects(type, { format: "count" })));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [sockets = 0, calls = 0, sessions = 0] = counts;
  const { rss, heapUsed, external } = process.memoryUsage();
  send({
    kind: "numbers",
    rss,
    memory: heapUsed + external,
    calls,
    watchers: app.watcherCount,
    sessions,
    sockets,
    pollutedKeys: Reflect.ownKeys(Object.prototype).length - prototypeKeys,
  });
}

let collections: GCProfiler | undefined;

/** The largest heap that a garbage collection has found since the last call; the first call only starts to look. */
function takePeakHeap(): number {
  const heaps = collections?.stop()?.statistics.map(({ beforeGC }) => beforeGC.heapStatistics.usedHeapSize) ?? [];
  collections = new GCProfiler();
  collections.start();
  return heaps.reduce((most, bytes) => Math.max(most, bytes), process.memoryUsage().heapUsed);
}

/** Node exports no class of its sessions. */
function http2SessionType(): { new (): unknown } {
  const session = performServerHandshake(new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }));
  session.destroy();
  return session.constructor as { new (): unknown };
}

function send(message: ServerMessage): void {
  process.send?.(message);
}
