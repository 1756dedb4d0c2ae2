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

// Runs the server in a separate process, and measures its resources on request over IPC. The process ends together with
// its parent.

const commandLine = readCommandLine(process.argv.slice(2), {}, "0.0.0");
if (commandLine.kind !== "serve" || process.send === undefined || globalThis.gc === undefined) {
  throw new Error("the abuse server needs server flags, an IPC channel and --expose-gc; the abuse tests start it");
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

/** Counts the live objects after a garbage collection. */
async function measure(): Promise<void> {
  // The memory of ended calls is freed in later iterations of the event loop, and the server must serve the canary
  // between the collections.
  const counts: number[] = [];
  // Counts the sockets first, because the canary opens more HTTP/1.1 connections during a collection.
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

/** Returns the largest heap before a garbage collection since the last call. The first call starts the profiler. */
function takePeakHeap(): number {
  const heaps = collections?.stop()?.statistics.map(({ beforeGC }) => beforeGC.heapStatistics.usedHeapSize) ?? [];
  collections = new GCProfiler();
  collections.start();
  return heaps.reduce((most, bytes) => Math.max(most, bytes), process.memoryUsage().heapUsed);
}

/** Returns the class of HTTP/2 sessions, which Node does not export. */
function http2SessionType(): { new (): unknown } {
  const session = performServerHandshake(new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }));
  session.destroy();
  return session.constructor as { new (): unknown };
}

function send(message: ServerMessage): void {
  process.send?.(message);
}
