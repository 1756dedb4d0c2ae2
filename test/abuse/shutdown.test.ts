import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { startBourse } from "../start-bourse.ts";
import { listBurst } from "./attacks/call-bursts.ts";
import { envelope } from "./http2-frames.ts";
import { methods } from "./methods.ts";
import { openRawHttp2 } from "./raw-http2.ts";
import { targetAt } from "./target.ts";

const graceSeconds = 3;
/** The time after the grace period to close the database and end the process, on a busy machine. */
const slackMs = 4_000;

test("a shutdown takes no longer than the grace period, regardless of pending calls", async () => {
  await using server = await startBourse(["--grace", String(graceSeconds)]);
  const target = targetAt(server.url);
  await listBurst(target);
  using connections = new DisposableStack();
  for (let connection = 0; connection < 12; connection++) {
    const raw = connections.use(await openRawHttp2(target));
    const body = envelope(0, Uint8Array.of(0x0a, 1, 0x2a));
    const calls = Array.from({ length: 950 }, (_, call) => raw.request(2 * call + 1, methods.watchQuotes, { body }));
    await raw.send(Buffer.concat(calls));
  }
  await wait(200);
  const start = performance.now();
  server.process.kill("SIGTERM");
  await server.ended;
  expect(performance.now() - start).toBeLessThan(graceSeconds * 1_000 + slackMs);
});
