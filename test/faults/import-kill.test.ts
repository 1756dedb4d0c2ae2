import { randomInt } from "node:crypto";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { exportOrders } from "../../client/export-orders.ts";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { orderFormats } from "../../scripts/order-text.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { startScript } from "../start-script.ts";
import { faultRounds } from "./killed-server.ts";

/** Half of the rounds kill the script, the others the server. */
const rounds = Math.ceil(faultRounds / 2);

/** So often the slice is repeated, under other invoice numbers: so many lines that no round gets through them all. */
const repeats = 500;

const smallMarket = ["--no-demo", "--simulated-instruments", "1", "--simulated-rate", "1", "--log-level", "warn"];

test(`nothing is stored twice and nothing is missing, though the import is killed ${rounds} times`, async () => {
  const seed = randomInt(2 ** 31);
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-import-kill-"));
  const file = await book(folder.path);
  await using bourse = await startBourse(smallMarket);
  let grown = 0;
  for (const moment of momentsOf(seed, 120)) {
    const before = await countOf(bourse);
    const script = startScript("import-orders", [file, "--address", bourse.url]);
    await Promise.race([growth(bourse, before), script.done]);
    await sleep(moment);
    script.process.kill("SIGKILL");
    await script.done;
    if ((await countOf(bourse)) > before) grown++;
  }
  expect(grown, `seed ${seed}`).toBeGreaterThan(rounds / 2);
  const before = await countOf(bourse);
  expect(before, `seed ${seed}`).toBeLessThan((await linesOf(file)).length);
  await expectWhole(bourse, file, seed);
  console.log(`killed ${rounds} times, ${grown} of them with orders stored; ${before} were stored at the last`);
});

test(`an import goes on by itself, and stores everything once, though the server is killed ${rounds} times`, async () => {
  const seed = randomInt(2 ** 31);
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-import-kill-"));
  const file = await book(folder.path);
  const data = join(folder.path, "data");
  let bourse = await startBourse(smallMarket, data);
  try {
    const script = startScript("import-orders", [file, "--address", bourse.url]);
    let killed = 0;
    for (const moment of momentsOf(seed, 60)) {
      const progress = growth(bourse, await countOf(bourse)).then(() => "more" as const);
      if ((await Promise.race([progress, script.done])) !== "more") break;
      await sleep(moment);
      bourse.process.kill("SIGKILL");
      await bourse.ended;
      killed++;
      bourse = await startBourse([...smallMarket, "--port", new URL(bourse.url).port], data);
    }
    const { exitCode, stdout } = await script.done;
    expect([exitCode, stdout], `seed ${seed}`).toEqual([0, expect.stringMatching(/ 40,500 orders added, 0 there/)]);
    expect(killed, `seed ${seed}`).toBeGreaterThan(rounds / 2);
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

const clientOf = ({ url }: BourseProcess) => createClient(OrderService, createGrpcTransport({ baseUrl: url }));

/** How many orders there are. Selects none of them, so that it costs the server little. */
async function countOf(bourse: BourseProcess): Promise<number> {
  const filter = { placedFrom: { seconds: 253_402_300_000n } };
  return Number((await clientOf(bourse).getOrderSummary({ filter })).newestSequence);
}

/** Resolves when there are more orders than before, or the server is gone. */
async function growth(bourse: BourseProcess, before: number): Promise<void> {
  while (bourse.process.exitCode === null && bourse.process.signalCode === null) {
    if ((await countOf(bourse)) > before) return;
    await sleep(20);
  }
}

/** Runs the import to its end, and again, and looks at every order. */
async function expectWhole(bourse: BourseProcess, file: string, seed: number): Promise<void> {
  const run = () => startScript("import-orders", [file, "--json", "--address", bourse.url]).done;
  expect((await run()).exitCode).toBe(0);
  const wanted = await linesOf(file);
  expect(JSON.parse((await run()).stdout).files[0]).toMatchObject({ added: 0, present: wanted.length, rejected: 0 });
  const stored: string[] = [];
  for await (const { orders } of exportOrders(clientOf(bourse))) {
    for (const line of orderFormats.ndjson.text(orders).split("\n").slice(0, -1)) {
      stored.push(JSON.stringify(Object.values(JSON.parse(line))));
    }
  }
  expect(stored.length, `seed ${seed}`).toBe(wanted.length);
  expect(stored.sort(), `seed ${seed}`).toEqual(wanted.sort());
}
