import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { parse } from "csv-parse/sync";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CsvFile } from "../../cli/csv/csv-file.ts";
import { RejectsFile } from "../../cli/csv/rejects-file.ts";
import {
  type ImportOptions,
  importProductFile,
  newProductCounts,
  productFileOptions,
} from "../../cli/products/product-importer.ts";
import type { Product } from "../../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { type App, createApp } from "../../server/app.ts";
import { readConfig } from "../../server/config/config.ts";
import { startBourse } from "../start-bourse.ts";

const quiet = ["--no-demo", "--simulated-instruments", "1"];

let app: App;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-import-"));
  const settings = { port: "0", data: join(folder, "data"), demo: "false", "simulated-instruments": "1" };
  app = await createApp(readConfig(settings, {}), pino({ level: "silent" }));
});
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const clientOf = (url: string) => createClient(ProductService, createGrpcTransport({ baseUrl: url }));

type RejectedRow = Record<"line" | "reason" | "text", string>;

/** Imports like the command. Returns the counts and the sorted rejected lines. */
async function importFile(path: string, options: Partial<ImportOptions> = {}) {
  const counts = newProductCounts();
  const { signal } = new AbortController();
  const rejects = new RejectsFile(`${path}.rejects.csv`);
  try {
    const file = new CsvFile(path, productFileOptions);
    await importProductFile(file, { client: clientOf(app.url), rejects, signal, ...options }, counts);
  } finally {
    rejects[Symbol.dispose]();
  }
  const rows = counts.rejected === 0 ? [] : parse(await readFile(rejects.path), { columns: true });
  return { ...counts, rejected: (rows as RejectedRow[]).map(({ line, reason, text }) => [line, reason, text]).sort() };
}

/** Runs the command. */
function start(address: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [
    "cli/main.ts",
    "products",
    "import",
    ...args,
    "--quiet",
    "--address",
    address,
  ]);
  const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
  return Promise.all([text(child.stdout), text(child.stderr), exitCode]).then(([stdout, stderr, code]) => ({
    stdout,
    stderr,
    code,
  }));
}

async function catalogue(url: string): Promise<Product[]> {
  const products: Product[] = [];
  for await (const { product } of clientOf(url).listProducts({})) if (product) products.push(product);
  return products;
}

async function named(prefix: string): Promise<Product[]> {
  return (await catalogue(app.url)).filter(({ name }) => name.startsWith(prefix));
}

const nothing = { ...newProductCounts(), rejected: [] };

test("a file is imported exactly, and a second run adds nothing", async () => {
  const path = await file(
    "goods.csv",
    'name,price,currency,description,brand,ram\nG lamp,49.90,EUR,"Bright, and\nwarm",,\nG air,1999.000000001,USD,,Kestrel,16 GB\nG lamp,5,EUR,another,,\n',
  );
  expect(await importFile(path)).toEqual({ ...nothing, added: 3 });
  const products = await named("G ");
  expect(
    products.map(({ name, description, price }) => [name, description, price?.units, price?.nanos]).sort(),
  ).toEqual([
    ["G air", "", 1999n, 1],
    ["G lamp", "Bright, and\nwarm", 49n, 900_000_000],
    ["G lamp", "another", 5n, 0],
  ]);
  expect(await importFile(path)).toEqual({ ...nothing, present: 3 });
  expect(await named("G ")).toEqual(products);
});

test("with update, existing products get the values of the file", async () => {
  await importFile(await file("prices.csv", "id,name,price,currency\n,U lamp,5,EUR\n,U shade,6,EUR\n"));
  const before = await named("U ");
  const path = await file("prices.csv", "name,price,currency\nU lamp,5,EUR\nU shade,7,EUR\n");
  expect(await importFile(path, { update: true })).toEqual({ ...nothing, updated: 2 });
  const after = await named("U ");
  const byName = (products: Product[], name: string) => products.find((product) => product.name === name);
  expect(byName(after, "U lamp")).toEqual(byName(before, "U lamp"));
  expect(byName(after, "U shade")?.price?.units).toBe(7n);
});

test("rejected lines are in a file with their reasons, and all others are stored", async () => {
  const taken = Array.from({ length: 50 }, (_, n) => `R good ${n},${n}.50,EUR,`);
  const broken = [
    "R few",
    'R quote,"5,EUR,',
    "R price,five,EUR,",
    "R currency,5,euros,",
    ",5,EUR,",
    "R id,5,EUR,no-uuid",
  ];
  const lines = ["name,price,currency,id", ...taken.slice(0, 25), ...broken, ...taken.slice(25)];
  const { added, rejected } = await importFile(await file("broken.csv", `${lines.join("\n")}\n`));
  expect(added).toBe(50);
  expect(await named("R ")).toHaveLength(50);
  expect(rejected).toEqual([
    ["27", "the row has 1 cells, and the header has 4", "R few"],
    ["28", expect.stringContaining("its quotes do not match"), 'R quote,"5,EUR,'],
    ["29", expect.stringMatching(/^price: expected an amount such as 49\.90, .* not "five"$/), "R price,five,EUR,"],
    ["30", expect.stringMatching(/product\.price: currency_code must be three capital letters/), expect.anything()],
    ["31", expect.stringMatching(/product\.name: must be at least 1 character/), ",5,EUR,"],
    ["32", expect.stringMatching(/product\.id: must be a valid UUID/), expect.anything()],
  ]);
});

test("the complete lines of a truncated file are imported", async () => {
  const inRow = await importFile(await file("cut.csv", "name,price,currency\nC one,1.50,EUR\nC two,2."));
  expect(inRow).toMatchObject({
    added: 1,
    rejected: [["3", "the row has 2 cells, and the header has 3", "C two,2."]],
  });
  const inCell = await importFile(await file("cut-in-cell.csv", "name,price,currency\nC three,1.50,EU"));
  expect(inCell).toMatchObject({
    added: 0,
    rejected: [["2", expect.stringContaining("three capital letters"), "C three,1.50,EU"]],
  });
});

test.each([
  [
    "no name",
    "colour,price\nred,5\n",
    `no column for the field name: rename one to name, or map it with --columns name=COLUMN (the header has colour, price)`,
  ],
  ["no currency", "name,price\nLamp,5\n", "set it with --currency"],
  ["nothing", "", "is empty: a header is needed"],
])("a file with %s is refused whole", async (_what, content, problem) => {
  await expect(importFile(await file("wrong.csv", content))).rejects.toThrow(problem);
});

test("columns can be mapped, and a deleted product is not restored", async () => {
  const path = await file("mapped.csv", "Artikel,Preis\nM lamp,5\n");
  const options = { mapping: { name: "Artikel", price: "Preis" }, currency: "EUR" };
  expect(await importFile(path, options)).toMatchObject({ added: 1 });
  const [lamp] = await named("M ");
  await clientOf(app.url).deleteProduct({ id: lamp?.id ?? "" });
  expect(await importFile(path, options)).toMatchObject({ added: 0, present: 1, rejected: [] });
  expect(await importFile(path, { ...options, update: true })).toMatchObject({
    updated: 0,
    rejected: [["2", "the product was deleted from the catalogue", "M lamp,5"]],
  });
  expect(await named("M ")).toEqual([]);
});

test("the command prints the counts, the file of rejected lines, and a warning about a truncated last line", async () => {
  const path = await file("script.csv", "Artikel,Preis\nS lamp,5\nS shade\nS dock,7");
  const { stdout, stderr, code } = await start(
    app.url,
    path,
    "--columns",
    "name=Artikel,price=Preis",
    "--currency",
    "EUR",
  );
  expect([code, stdout]).toEqual([2, `${path}: 2 products added, 0 already stored, 1 lines rejected\n`]);
  expect(stderr).toBe(
    `rejected lines and their reasons: ${path}.rejects.csv\n` +
      `${path}: the last line has no line end: check that product, because the file may be truncated\n`,
  );
  expect(await readFile(`${path}.rejects.csv`, "utf8")).toContain("S shade");
}, 60_000);

test("after the server is killed during an import, a second run stores each product once", {
  tags: ["slow"],
  timeout: 120_000,
}, async () => {
  const data = await mkdtemp(join(tmpdir(), "bourse-import-data-"));
  try {
    const names = Array.from({ length: 2_000 }, (_, n) => `K ${n}`);
    const path = await file("killed.csv", `name\n${names.join("\n")}\n`);
    await using first = await startBourse(quiet, data);
    const products = new CsvFile(path, productFileOptions);
    const counts = newProductCounts();
    using rejects = new RejectsFile(`${path}.rejects.csv`);
    const options = { rejects, signal: new AbortController().signal };
    const importing = importProductFile(products, { client: clientOf(first.url), ...options }, counts);
    const broken = expect(importing).rejects.toThrow();
    await vi.waitFor(() => expect(counts.added).toBeGreaterThan(200), { timeout: 30_000, interval: 1 });
    await first[Symbol.asyncDispose]();
    await broken;

    await using second = await startBourse(quiet, data);
    const kept = (await catalogue(second.url)).length;
    expect(kept).toBeGreaterThanOrEqual(counts.added);
    expect(kept).toBeLessThan(names.length);
    const again = newProductCounts();
    await importProductFile(products, { client: clientOf(second.url), ...options }, again);
    expect(again).toEqual({ ...nothing, added: names.length - kept, present: kept, rejected: 0 });
    expect((await catalogue(second.url)).map(({ name }) => name).sort()).toEqual(names.sort());
  } finally {
    await rm(data, { recursive: true });
  }
});
