import { randomInt } from "node:crypto";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { orderOutputFormats } from "../../cli/orders/order-output-formats.ts";
import { exportOrders } from "../../client/order/export-orders.ts";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { type CommandProcess, startCommand } from "../start-command.ts";
import { faultRounds } from "./killed-server.ts";

/** Half of the rounds kill the command, the other half kill the server. */
const rounds = Math.ceil(faultRounds / 2);

/** After the minimum number of rounds, the test ends after this time, or when the import is complete. */
const longestKillingMs = 600 * faultRounds;
const fewestKills = 3;

/** The repetitions of the demo lines with other invoice numbers, so many that no round imports all of them. */
const repeats = 500;

const smallMarket = ["--no-demo", "--simulated-instruments", "1", "--simulated-rate", "1", "--log-level", "warn"];

test(`an import that is killed up to ${rounds} times stores each order once`, async () => {
  const seed = randomInt(2 ** 31);
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-import-kill-"));
  const file = await book(folder.path);
  await using bourse = await startBourse(smallMarket);
  const until = performance.now() + longestKillingMs;
  let killed = 0;
  for (const moment of momentsOf(seed, 120)) {
    if (performance.now() > until && killed >= fewestKills) break;
    const before = await countOf(bourse);
    const command = startCommand(["orders", "import", file, "--address", bourse.url]);
    if ((await growth(bourse, before, command)) === "over") break;
    await sleep(moment);
    command.process.kill("SIGKILL");
    await command.done;
    killed++;
  }
  expect(killed, `seed ${seed}`).toBeGreaterThanOrEqual(Math.min(rounds, fewestKills));
  const before = await countOf(bourse);
  await expectWhole(bourse, file, seed);
  console.log(`the command was killed ${killed} times, and had stored ${before} orders before the last run`);
});

test(`an import resumes and stores each order once if the server is killed up to ${rounds} times`, async () => {
  const seed = randomInt(2 ** 31);
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-import-kill-"));
  const file = await book(folder.path);
  const data = join(folder.path, "data");
  let bourse = await startBourse(smallMarket, data);
  try {
    const command = startCommand(["orders", "import", file, "--address", bourse.url]);
    const until = performance.now() + longestKillingMs;
    let killed = 0;
    for (const moment of momentsOf(seed, 60)) {
      if (performance.now() > until && killed >= fewestKills) break;
      if ((await growth(bourse, await countOf(bourse), command)) === "over") break;
      await sleep(moment);
      bourse.process.kill("SIGKILL");
      await bourse.ended;
      killed++;
      bourse = await startBourse([...smallMarket, "--port", new URL(bourse.url).port], data);
    }
    const { exitCode, stdout } = await command.done;
    expect([exitCode, stdout], `seed ${seed}`).toEqual([
      0,
      expect.stringMatching(/ 40,500 orders added, 0 already stored/),
    ]);
    expect(killed, `seed ${seed}`).toBeGreaterThanOrEqual(Math.min(rounds, fewestKills));
    await expectWhole(bourse, file, seed);
    console.log(`the server was killed ${killed} times`);
  } finally {
    await bourse[Symbol.asyncDispose]();
  }
});

function momentsOf(seed: number, max: number): number[] {
  return fc.sample(fc.integer({ min: 0, max }), { numRuns: rounds, seed });
}

async function book(folder: string): Promise<string> {
  const [header, ...lines] = (await readFile("test/data/orders/online-retail.csv", "utf8")).split("\n").slice(0, -1);
  const all = Array.from({ length: repeats }, (_, index) => lines.map((line) => `${index}-${line}`)).flat();
  const path = join(folder, "book.csv");
  await writeFile(path, `${[header, ...all].join("\n")}\n`);
  return path;
}

async function linesOf(file: string): Promise<string[]> {
  const rows: Record<string, string>[] = parse(await readFile(file), { columns: true });
  return rows.map((row) =>
    JSON.stringify([
      row.InvoiceNo,
      row.StockCode,
      row.Description,
      Number(row.Quantity),
      `${row.InvoiceDate?.replace(" ", "T")}Z`,
      String(Number(row.UnitPrice)),
      "GBP",
      row.CustomerID?.replace(".0", "") || null,
      row.Country,
    ]),
  );
}

const clients = new WeakMap<BourseProcess, Client<typeof OrderService>>();

function clientOf(bourse: BourseProcess): Client<typeof OrderService> {
  const client = clients.get(bourse) ?? createClient(OrderService, createGrpcTransport({ baseUrl: bourse.url }));
  clients.set(bourse, client);
  return client;
}

/** Returns the number of stored orders. The query selects none of them, so that it is cheap. */
async function countOf(bourse: BourseProcess): Promise<number> {
  const filter = { placedFrom: { seconds: 253_402_300_000n } };
  return Number((await clientOf(bourse).getOrderSummary({ filter })).newestSequence);
}

/** Resolves when the number of orders has increased, or the command has ended. */
async function growth(bourse: BourseProcess, before: number, command: CommandProcess): Promise<"more" | "over"> {
  const over = command.done.then(() => "over" as const);
  for (;;) {
    const now = await Promise.race([countOf(bourse), over]);
    if (now === "over") return now;
    if (now > before) return "more";
    await sleep(20);
  }
}

/** Completes the import, repeats it, and checks every order. */
async function expectWhole(bourse: BourseProcess, file: string, seed: number): Promise<void> {
  const run = () => startCommand(["orders", "import", file, "--json", "--address", bourse.url]).done;
  expect((await run()).exitCode).toBe(0);
  const wanted = await linesOf(file);
  expect(JSON.parse((await run()).stdout).files[0]).toMatchObject({ added: 0, present: wanted.length, rejected: 0 });
  const stored: string[] = [];
  for await (const { orders } of exportOrders(clientOf(bourse))) {
    for (const line of orderOutputFormats.ndjson.format(orders).split("\n").slice(0, -1)) {
      stored.push(JSON.stringify(Object.values(JSON.parse(line))));
    }
  }
  expect(stored.length, `seed ${seed}`).toBe(wanted.length);
  expect(stored.sort(), `seed ${seed}`).toEqual(wanted.sort());
}
