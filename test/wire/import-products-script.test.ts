import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Product } from "../../gen/bourse/product/v1/product_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";

const quiet = ["--no-demo", "--simulated-instruments", "1"];

let bourse: BourseProcess;
let folder: string;
beforeAll(async () => {
  bourse = await startBourse(quiet);
  folder = await mkdtemp(join(tmpdir(), "bourse-import-"));
});
afterAll(async () => {
  await bourse?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

function start(address: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, ["scripts/import-products.ts", ...args, "--quiet", "--address", address]);
  const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
  return Promise.all([text(child.stdout), text(child.stderr), exitCode]).then(([stdout, stderr, code]) => ({
    stdout,
    stderr,
    code,
  }));
}

const run = (...args: readonly string[]) => start(bourse.url, ...args);

async function catalogue(url: string): Promise<Product[]> {
  const products: Product[] = [];
  const client = createClient(ProductService, createGrpcTransport({ baseUrl: url }));
  for await (const { product } of client.listProducts({})) if (product) products.push(product);
  return products;
}

async function named(prefix: string): Promise<Product[]> {
  return (await catalogue(bourse.url)).filter(({ name }) => name.startsWith(prefix));
}

test("a file is brought in exactly, and a second run adds nothing", async () => {
  const path = await file(
    "goods.csv",
    'name,price,currency,description,brand,ram\nG lamp,49.90,EUR,"Bright, and\nwarm",,\nG air,1999.000000001,USD,,Kestrel,16 GB\nG lamp,5,EUR,another,,\n',
  );
  expect(await run(path)).toEqual({
    code: 0,
    stdout: `${path}: 3 added, 0 there already, 0 rejected\n`,
    stderr: "",
  });
  const products = await named("G ");
  expect(
    products.map(({ name, description, price }) => [name, description, price?.units, price?.nanos]).sort(),
  ).toEqual([
    ["G air", "", 1999n, 1],
    ["G lamp", "Bright, and\nwarm", 49n, 900_000_000],
    ["G lamp", "another", 5n, 0],
  ]);
  expect((await run(path)).stdout).toBe(`${path}: 0 added, 3 there already, 0 rejected\n`);
  expect(await named("G ")).toEqual(products);
});

test("with --update what is there gets the file's values, and what has them stays as it is", async () => {
  const path = await file("prices.csv", "id,name,price,currency\n,U lamp,5,EUR\n,U shade,6,EUR\n");
  await run(path);
  const before = await named("U ");
  await file("prices.csv", "name,price,currency\nU lamp,5,EUR\nU shade,7,EUR\n");
  expect((await run(path, "--update")).stdout).toBe(`${path}: 0 added, 2 brought up to date, 0 rejected\n`);
  const after = await named("U ");
  const byName = (products: Product[], name: string) => products.find((product) => product.name === name);
  expect(byName(after, "U lamp")).toEqual(byName(before, "U lamp"));
  expect(byName(after, "U shade")?.price?.units).toBe(7n);
});

test("lines that cannot be taken are in a file with their reasons, and all others are in the catalogue", async () => {
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
  const path = await file("broken.csv", `${lines.join("\n")}\n`);
  const { stdout, stderr, code } = await run(path);
  expect(stdout).toBe(`${path}: 50 added, 0 there already, 6 rejected\n`);
  expect([code, stderr]).toEqual([
    1,
    `${path}: the lines that were not taken are in ${path}.rejected.csv, with the reasons\n`,
  ]);
  expect(await named("R good")).toHaveLength(50);
  const rejected = await readFile(`${path}.rejected.csv`, "utf8");
  const sorted = rejected.trimEnd().split("\n").sort();
  expect(sorted.at(-1)).toBe("line,reason,text");
  expect(sorted[0]).toBe('27,"it has 1 cells, and the header 4",R few');
  expect(sorted[1]).toBe('28,a quote is opened and not closed,"R quote,""5,EUR,"');
  expect(sorted[2]).toMatch(/^29,"price: an amount such as 49\.90, .* not ""five""",/);
  expect(sorted[3]).toMatch(/^30,"?product\.price: currency_code must be three capital letters/);
  expect(sorted[4]).toMatch(/^31,"?product\.name: must be at least 1 character/);
  expect(sorted[5]).toMatch(/^32,"?product\.id: must be a valid UUID/);
});

test("a file that was cut off in the middle of a line brings in what is whole, and says so", async () => {
  const path = await file("cut.csv", "name,price,currency\nC one,1.50,EUR\nC two,2.");
  const cells = await run(path);
  expect(cells.stdout).toBe(`${path}: 1 added, 0 there already, 1 rejected\n`);
  const inCell = await file("cut-in-cell.csv", "name,price,currency\nC three,1.50,EU");
  expect((await run(inCell)).stdout).toBe(`${inCell}: 0 added, 0 there already, 1 rejected\n`);
  const unseen = await file("cut-unseen.csv", "name,description\nC four,a lon");
  expect(await run(unseen)).toMatchObject({ code: 0, stderr: expect.stringContaining("its last line has no end") });
});

test.each([
  ["no name", "colour,price\nred,5\n", `no column tells the name: name one "name" (the header has colour, price)`],
  ["no currency", "name,price\nLamp,5\n", "say it with --currency"],
  ["nothing", "", "it is empty: its first row names the columns"],
])("a file with %s is refused whole", async (_what, content, problem) => {
  const path = await file("wrong.csv", content);
  const { code, stdout, stderr } = await run(path);
  expect([code, stderr]).toEqual([1, expect.stringContaining(problem)]);
  expect(stdout).toBe(`${path}: 0 added, 0 there already, 0 rejected\n`);
});

test("columns may be mapped, and a deleted product is not brought back", async () => {
  const path = await file("mapped.csv", "Artikel,Preis\nM lamp,5\n");
  const args = [path, "--columns", "name=Artikel,price=Preis", "--currency", "EUR"];
  expect((await run(...args)).stdout).toContain("1 added");
  const [lamp] = await named("M ");
  await createClient(ProductService, createGrpcTransport({ baseUrl: bourse.url })).deleteProduct({
    id: lamp?.id ?? "",
  });
  expect((await run(...args)).stdout).toContain("0 added, 1 there already");
  expect((await run(...args, "--update")).stdout).toContain("0 added, 0 brought up to date, 1 rejected");
  expect(await readFile(`${path}.rejected.csv`, "utf8")).toContain("it was deleted from the catalogue");
  expect(await named("M ")).toEqual([]);
});

test("a server that is killed while it imports has nothing twice and nothing missing after a second run", async () => {
  const data = await mkdtemp(join(tmpdir(), "bourse-import-data-"));
  try {
    const names = Array.from({ length: 3_000 }, (_, n) => `K ${n}`);
    const path = await file("killed.csv", `name\n${names.join("\n")}\n`);
    const first = await startBourse(quiet, data);
    const importing = start(first.url, path);
    await vi.waitFor(async () => expect((await catalogue(first.url)).length).toBeGreaterThan(200), 10_000);
    await first[Symbol.asyncDispose]();
    const broken = await importing;
    expect(broken.code).toBe(1);
    const told = Number(/([\d,]+) added/.exec(broken.stdout)?.[1]?.replace(",", ""));
    await using second = await startBourse(quiet, data);
    const kept = (await catalogue(second.url)).length;
    expect(kept).toBeGreaterThanOrEqual(told);
    expect(kept).toBeLessThan(names.length);
    expect((await start(second.url, path)).code).toBe(0);
    expect((await catalogue(second.url)).map(({ name }) => name).sort()).toEqual(names.sort());
  } finally {
    await rm(data, { recursive: true });
  }
}, 60_000);
