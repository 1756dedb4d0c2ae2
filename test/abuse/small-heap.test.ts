import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { tinyFrames, unreadAnswers } from "./attacks/memory-exhaustion.ts";
import { envelope } from "./http2-frames.ts";
import { methods } from "./methods.ts";
import { postHttp2 } from "./post.ts";
import { openRawHttp2, type RawHttp2 } from "./raw-http2.ts";
import { type AbuseServer, startAbuseServer } from "./start-abuse-server.ts";
import { tally } from "./target.ts";

const heapMegabytes = 128;
const pollIntervalMs = 50;
const answerMs = 40_000;

/** A WatchQuotesRequest with `*` as its symbol. */
const everySymbol = envelope(0, Uint8Array.of(0x0a, 1, 0x2a));

test("with a heap of 128 MB, the server rejects those of 2,000 streams that do not fit, and keeps running", async () => {
  const server = await startSmallServer();
  using connections = new DisposableStack();
  const answered = Array.from({ length: 4 }, async () => {
    const raw = connections.use(await openRawHttp2(server.target));
    await raw.send(Buffer.concat(Array.from({ length: 500 }, (_, call) => watchAll(raw, 2 * call + 1))));
    const until = performance.now() + answerMs;
    while (raw.answers.size + raw.resets.size < 500 && raw.isOpen() && performance.now() < until)
      await wait(pollIntervalMs);
    return [...raw.answers.values(), ...raw.resets.values()];
  });
  const outcome = tally((await Promise.all(answered)).flat());
  expect(server.ending).toBeUndefined();
  expect((outcome["HTTP 200"] ?? 0) + (outcome.REFUSED_STREAM ?? 0)).toBe(2_000);
  connections.dispose();
  await expectService(server);
});

test("with a heap of 128 MB, 27,000 unread responses do not end the server", async () => {
  const server = await startSmallServer();
  await unreadAnswers(server.target);
  expect(server.ending).toBeUndefined();
  await expectService(server);
});

test("with a heap of 128 MB, messages with one byte per frame do not end the server", async () => {
  const server = await startSmallServer();
  await tinyFrames(server.target);
  expect(server.ending).toBeUndefined();
  await expectService(server);
});

async function startSmallServer(): Promise<AbuseServer> {
  const server = await startAbuseServer({ maxHeapMegabytes: heapMegabytes });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

/** Expects that the server frees the memory of the attack for other clients. */
async function expectService({ target }: AbuseServer): Promise<void> {
  const health = {
    path: "/grpc.health.v1.Health/Check",
    contentType: "application/grpc",
    body: envelope(0, new Uint8Array(0)),
  };
  await expect.poll(() => postHttp2(target, health), { timeout: answerMs, interval: 500 }).toEqual(["ok"]);
}

function watchAll(raw: RawHttp2, stream: number): Buffer {
  return raw.request(stream, methods.watchQuotes, { body: everySymbol });
}
