import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtempDisposable, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { startBourse } from "../start-bourse.ts";
import { startCommand } from "../start-command.ts";

const orderCount = 60_000;

/** The number of kills. */
const rounds = 8;

test(`an export that is killed ${rounds} times, with its file truncated each time, equals an uninterrupted export`, async () => {
  const seed = randomInt(2 ** 31);
  const [moments, cuts] = [200, 3_000].map((max) => fc.sample(fc.integer({ min: 0, max }), { numRuns: rounds, seed }));
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-export-kill-"));
  const flags = ["--simulated-instruments", "1", "--log-level", "warn", "--demo-orders", String(orderCount)];
  await using bourse = await startBourse(flags);
  const client = createClient(OrderService, createGrpcTransport({ baseUrl: bourse.url }));
  const isFull = async () => (await client.getOrderSummary({})).newestSequence === BigInt(orderCount);
  await expect.poll(isFull, { timeout: 120_000, interval: 200 }).toBe(true);
  const path = join(folder.path, "orders.csv");
  const start = () => startCommand(["orders", "export", "--out", path, "--json", "--address", bourse.url]);

  const whole = JSON.parse((await start().done).stdout);
  expect(whole.count).toBe(orderCount);
  const file = await readFile(path);
  await rm(path);

  let killed = 0;
  for (const [round, moment] of (moments ?? []).entries()) {
    const before = await fileSize(path);
    const command = start();
    const over = command.done.then(() => true);
    while ((await fileSize(path)) <= before) {
      if (await Promise.race([over, sleep(2, false)])) break;
    }
    await sleep(moment);
    command.process.kill("SIGKILL");
    await command.done;
    if (!existsSync(`${path}.part`)) break; // the export was complete before the kill
    killed++;
    const size = await fileSize(path);
    if (size > 0) await truncate(path, Math.max(0, size - (cuts?.[round] ?? 0)));
  }
  expect(killed, `seed ${seed}`).toBeGreaterThan(0);
  if (existsSync(`${path}.part`)) {
    const { stdout, exitCode } = await start().done;
    expect(exitCode, `seed ${seed}`).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ count: orderCount, sha256: whole.sha256 });
  }
  expect((await readFile(path)).equals(file), `seed ${seed}`).toBe(true);
  console.log(`the export was killed ${killed} times`);
});

/** Returns the size of a file in bytes, or 0 if it does not exist: the command can recreate it at any time. */
async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
