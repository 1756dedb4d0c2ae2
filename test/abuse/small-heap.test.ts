import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { tinyFrames, unreadAnswers } from "./attacks/memory-hogs.ts";
import { envelope } from "./http2-frames.ts";
import { methods } from "./methods.ts";
import { postHttp2 } from "./post.ts";
import { openRawHttp2, type RawHttp2 } from "./raw-http2.ts";
import { type AbuseServer, startAbuseServer } from "./start-abuse-server.ts";
import { tally } from "./target.ts";

const heapMegabytes = 128;
const lookEveryMs = 50;
const answerMs = 40_000;

/** A WatchQuotesRequest with `*` as its symbol. */
const everySymbol = envelope(0, Uint8Array.of(0x0a, 1, 0x2a));

test("in a heap of 128 MB, of 2,000 streams of all quotes the server refuses what does not fit, and stays up", async () => {
  const server = await startSmallServer();
  using connections = new DisposableStack();
  const answered = Array.from({ length: 4 }, async () => {
    const raw = connections.use(await openRawHttp2(server.target));
    await raw.send(Buffer.concat(Array.from({ length: 500 }, (_, call) => watchAll(raw, 2 * call + 1))));
    const until = performance.now() + answerMs;
    while (raw.answers.size + raw.resets.size < 500 && raw.isOpen() && performance.now() < until)
      await wait(lookEveryMs);
    return [...raw.answers.values(), ...raw.resets.values()];
  });
  const outcome = tally((await Promise.all(answered)).flat());
  expect(server.ending).toBeUndefined();
  expect((outcome["HTTP 200"] ?? 0) + (outcome.REFUSED_STREAM ?? 0)).toBe(2_000);
  connections.dispose();
  await expectService(server);
});

test("in a heap of 128 MB, 27,000 answers that nobody reads do not end the server", async () => {
  const server = await startSmallServer();
  await unreadAnswers(server.target);
  expect(server.ending).toBeUndefined();
  await expectService(server);
});

test("in a heap of 128 MB, messages that come a byte in a frame do not end the server", async () => {
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

/** The memory that the attack took is there again for others, after a while. */
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
