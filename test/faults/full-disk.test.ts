import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startBourse } from "../start-bourse.ts";
import { realPathIn, withFault } from "./faulty-system.ts";
import { storeClient } from "./store-client.ts";

const market = ["--no-demo", "--simulated-instruments", "5", "--simulated-rate", "10"];

test("the server rejects writes to a full disk, and accepts them when the disk has free space again", async () => {
  await using opened = await startOnFullDisk("80..110");
  const { client, server } = opened;
  let order = 0;
  const submitWhile = async (expected: string) => {
    for (let attempts = 0; attempts < 500; attempts++) {
      const outcome = await client.submit(++order);
      if (outcome !== expected) return outcome;
    }
    return "no change";
  };
  expect(await submitWhile("OK")).toBe("ResourceExhausted");
  // Each attempt has at least one failed write.
  expect(await submitWhile("ResourceExhausted")).toBe("OK");
  expect(await client.create("a product")).toBe("OK");
  expect((await client.serving()).not).toEqual([]);
  expect(server.log()).not.toContain("read-only");
});

test("the log reports a disk that stays full once or twice, not every second", async () => {
  await using opened = await startOnFullDisk("80+");
  const { client, server } = opened;
  while ((await client.submit(1 + Math.floor(Math.random() * 1e6))) === "OK");
  const atOnce = linesOf(server.log()).length;
  // Time for ten attempts to store candles at one per second.
  await delay(10_000);
  const lines = linesOf(server.log());
  expect(lines.length - atOnce).toBeLessThanOrEqual(2);
  expect(lines.filter((line) => line.includes("candles cannot be stored")).length).toBeGreaterThan(0);
  expect((await client.serving()).not).toEqual([]);
});

test.each(["json", "pretty"])("a log on a full disk does not affect the server's responses (%s)", async (format) => {
  await using server = await startBourse([...market, "--log-level", "trace", "--log-format", format], undefined, [
    "sh",
    "-c",
    'exec "$@" 2>/dev/full',
    "sh",
  ]);
  const client = storeClient(server.url);
  for (let n = 0; n < 300; n++) expect(await client.create(`product ${n}`)).toBe("OK");
  expect(server.process.exitCode).toBeNull();
  server.process.kill("SIGTERM");
  expect(await server.ended).toBe(0);
});

function linesOf(log: string): string[] {
  return log.split("\n").filter((line) => line.includes('"level":50'));
}

/** @param when the writes to the write-ahead log that fail */
async function startOnFullDisk(when: string) {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-full-")));
  const data = join(folder.path, "data");
  // The first start writes more than the limit of successful writes.
  const first = await startBourse([...market, "--log-level", "warn"], data);
  first.process.kill("SIGTERM");
  await first.ended;
  const file = await realPathIn(data, "bourse.sqlite-wal");
  const fault = withFault(join(folder.path, "trace"), { calls: "pwrite64", error: "ENOSPC", when, file });
  const server = resources.use(await startBourse([...market, "--log-level", "warn"], data, fault));
  return { server, client: storeClient(server.url), [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
