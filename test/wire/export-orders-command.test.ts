import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { startCommand } from "../start-command.ts";

// each test starts processes
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const retail = "test/data/orders/online-retail.csv";

let bourse: BourseProcess;
let folder: string;
let source: Record<string, string>[];
beforeAll(async () => {
  bourse = await startBourse(["--no-demo", "--simulated-instruments", "1"]);
  folder = await mkdtemp(join(tmpdir(), "bourse-export-"));
  source = parse(await readFile(retail), { columns: true });
  expect((await run("orders import", retail)).exitCode).toBe(0);
});
afterAll(async () => {
  await bourse?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** @param name as in `orders import` */
const run = (name: string, ...args: readonly string[]) =>
  startCommand([...name.split(" "), ...args, ...(args.includes("--address") ? [] : ["--address", bourse.url])]).done;

test("a CSV export has a header, exact prices and RFC 3339 times, and its summary is verified", async () => {
  const path = join(folder, "all.csv");
  const { stdout, exitCode } = await run("orders export", "--out", path);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^81 orders in .*all\.csv, verified; digest [0-9a-f]{64}\n$/);
  expect(existsSync(`${path}.part`)).toBe(false);
  const text = await readFile(path, "utf8");
  expect(text.split("\n").slice(0, 2)).toEqual([
    "order_number,product_code,description,quantity,placed_at,unit_price,currency,customer_id,country",
    "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01T08:26:00Z,2.55,GBP,17850,United Kingdom",
  ]);
  const rows: Record<string, string>[] = parse(text, { columns: true });
  expect(rows.map((row) => row.description)).toEqual(source.map((row) => row.Description));
  expect((await run("orders export")).stdout).toBe(text);
});

test("filters select orders on the server", async () => {
  const count = async (...args: readonly string[]) => {
    const { stdout, exitCode } = await run("orders export", "--format", "ndjson", ...args);
    expect(exitCode).toBe(0);
    return stdout.split("\n").length - 1;
  };
  const of = (wanted: (row: Record<string, string>) => boolean) => source.filter(wanted).length;
  const isUnknown = (row: Record<string, string>) => row.CustomerID === "";
  const isMorning = (row: Record<string, string>) => /^2010-12-02 (0\d|1[01]):/.test(row.InvoiceDate ?? "");
  const isCancelled = (row: Record<string, string>) => Number(row.Quantity) < 0;
  const morning = ["--placed-from", "2010-12-02", "--placed-before", "2010-12-02T12:00:00Z"];
  expect(await count("--customer-unknown", "--cancellations", "excluded")).toBe(
    of((row) => isUnknown(row) && !isCancelled(row)),
  );
  expect(await count(...morning, "--cancellations", "only")).toBe(of((row) => isMorning(row) && isCancelled(row)));
  expect(await count("--country", "France", "--customer", "12583", "--product", "POST")).toBe(1);
});

test("a complete export is not changed, and an export with other flags is not resumed", async () => {
  const path = join(folder, "kept.csv");
  await run("orders export", "--out", path);
  const again = await run("orders export", "--out", path);
  expect([again.exitCode, again.stdout]).toEqual([1, ""]);
  expect(again.stderr).toContain("--overwrite replaces it");
  expect((await run("orders export", "--out", path, "--overwrite", "--product", "POST")).exitCode).toBe(0);
  const text = await readFile(path, "utf8");
  await writeFile(`${path}.part`, `${JSON.stringify({ version: 1, format: "csv", filter: {} })}\n`);
  const other = await run("orders export", "--out", path, "--product", "POST");
  expect(other.stderr).toContain("is of another export");
  expect(await readFile(path, "utf8")).toBe(text);
});

test("--json prints the verified summary as an object", async () => {
  const path = join(folder, "json.ndjson");
  const { stdout, stderr } = await run("orders export", "--format", "ndjson", "--out", path, "--json");
  expect(JSON.parse(stdout)).toEqual({
    file: path,
    count: 81,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    seconds: expect.any(Number),
  });
  expect(stderr).toBe("");
});

test.each([
  ["a reversed time range", ["--placed-from", "2011-01-01", "--placed-before", "2010-01-01"], "InvalidArgument"],
  ["an invalid time", ["--placed-from", "yesterday"], "expected a time such as 2010-12-01T08:26:00Z"],
  ["a missing folder", ["--out", "no/such/folder.csv"], "no/such/folder.csv"],
  ["an unreachable server", ["--address", "http://127.0.0.1:9"], "is the server running? bourse serve starts it"],
])("%s is refused with what to do", async (_what, args, problem) => {
  const { exitCode, stderr } = await run("orders export", ...args);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(problem);
});
