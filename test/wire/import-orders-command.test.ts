import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { startCommand } from "../start-command.ts";

// each test starts processes
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const retail = "test/data/orders/online-retail.csv";
const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

let bourse: BourseProcess;
let folder: string;
beforeAll(async () => {
  bourse = await startBourse(["--no-demo", "--simulated-instruments", "1"]);
  folder = await mkdtemp(join(tmpdir(), "bourse-import-"));
});
afterAll(async () => {
  await bourse?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** @param name as in `orders import` */
const run = (name: string, ...args: readonly string[]) =>
  startCommand([...name.split(" "), ...args, ...(args.includes("--address") ? [] : ["--address", bourse.url])]).done;

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

async function importJson(...args: readonly string[]) {
  const { stdout, stderr, exitCode } = await run("orders import", "--json", ...args);
  return { ...JSON.parse(stdout).files[0], stderr, exitCode };
}

async function exported(...args: readonly string[]) {
  const { stdout, exitCode } = await run("orders export", "--format", "ndjson", ...args);
  expect(exitCode).toBe(0);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const line = (invoice: string, change: Partial<Record<"quantity" | "price" | "code" | "end", string>> = {}) =>
  `${invoice},${change.code ?? "P"},x,${change.quantity ?? 6},2010-12-01 08:26:00,${change.price ?? "2.55"},,EIRE${change.end ?? "\n"}`;

test("every line of a real file is stored unchanged, and a second run adds nothing", {
  tags: ["slow"],
}, async () => {
  const first = await importJson(retail);
  expect(first).toMatchObject({ lines: 81, added: 81, present: 0, rejected: 0, exitCode: 0, stderr: "" });
  const again = await importJson(retail);
  expect(again).toMatchObject({ added: 0, present: 81, rejected: 0, amounts: first.amounts, exitCode: 0 });
  const source: Record<string, string>[] = parse(await readFile(retail), { columns: true });
  const cents = source.reduce((sum, row) => sum + Number(row.Quantity) * Math.round(Number(row.UnitPrice) * 100), 0);
  expect(first.amounts).toEqual({ GBP: (cents / 100).toString() });
  expect(await exported()).toEqual(
    source.map((row) => ({
      order_number: row.InvoiceNo,
      product_code: row.StockCode,
      description: row.Description,
      quantity: Number(row.Quantity),
      placed_at: `${row.InvoiceDate?.replace(" ", "T")}Z`,
      unit_price: String(Number(row.UnitPrice)),
      currency: "GBP",
      customer_id: row.CustomerID?.replace(".0", "") || null,
      country: row.Country,
    })),
  );
});

test("rejected lines are reported with their reasons, all others are stored, and the corrected file adds the rest", async () => {
  const bad = [
    line("B1"),
    line("B2", { quantity: "six", price: "£2" }),
    line("B3"),
    'B4,P,"x,6,2010-12-01 08:26:00,2.55,,EIRE\n',
    line("B5", { quantity: "0" }),
    line("B6", { quantity: "6.0" }),
    line("B7", { end: "" }),
  ].join("");
  const path = await file("bad.csv", header + bad);
  const rejects = `${path}.rejects.csv`;
  const { exitCode, stdout, stderr } = await run("orders import", path);
  expect(exitCode).toBe(2);
  expect(stdout).toBe(`${path}: 3 orders added, 0 already stored, 4 lines rejected; 45.9 GBP\n`);
  expect(stderr).toContain(rejects);
  const rows: Record<string, string>[] = parse(await readFile(rejects), { columns: true });
  expect(rows.map((row) => [row.file, row.line, row.reason]).sort()).toEqual([
    [path, "3", expect.stringMatching(/^quantity "six" is not .*; unit_price "£2" is not an exact amount/)],
    [path, "5", expect.stringContaining("its quotes do not match")],
    [path, "6", expect.stringMatching(/^quantity: /)],
    [path, "8", "the line has no line end, so the file may be truncated"],
  ]);
  expect(rows.find((row) => row.line === "3")?.text).toBe(bad.split("\n")[1]);

  await writeFile(path, header + ["B1", "B2", "B3", "B4", "B5", "B6", "B7"].map((invoice) => line(invoice)).join(""));
  expect(await importJson(path)).toMatchObject({ added: 4, present: 3, rejected: 0, exitCode: 0 });
  expect(existsSync(rejects)).toBe(false);
  const numbers = (await exported("--product", "P")).map((order) => order.order_number);
  expect(numbers.sort()).toEqual(["B1", "B2", "B3", "B4", "B5", "B6", "B7"]);
});

test("a file that is truncated in its last line stores no altered order", { tags: ["slow"] }, async () => {
  const whole = header + line("CUT1", { code: "CUT" }) + line("CUT2", { code: "CUT" });
  const start = whole.indexOf("CUT2");
  for (const end of [start + 2, start + 20, whole.length - 3, whole.length - 1]) {
    const path = await file("cut.csv", whole.slice(0, end));
    expect(await importJson(path)).toMatchObject({ rejected: 1, exitCode: 2 });
  }
  expect((await exported("--product", "CUT")).map((order) => order.order_number)).toEqual(["CUT1"]);
  const path = await file("cut.csv", whole.slice(0, -1));
  expect(await importJson(path, "--allow-open-end")).toMatchObject({ added: 1, present: 1, exitCode: 0 });
});

test("the same file with another currency is rejected, and no order changes", async () => {
  const path = await file("currency.csv", header + line("E1", { code: "EUR" }));
  expect(await importJson(path)).toMatchObject({ added: 1 });
  expect(await importJson(path, "--currency", "EUR")).toMatchObject({ added: 0, rejected: 1, exitCode: 2 });
  expect(await readFile(`${path}.rejects.csv`, "utf8")).toContain(
    "the order of this line is already stored with another currency",
  );
  expect(await exported("--product", "EUR")).toMatchObject([{ currency: "GBP" }]);
});

test("flags describe other dialects, and an export can be imported", { tags: ["slow"] }, async () => {
  const rows = "\uFEFFNo;Item;Text;Qty;When;Each\r\nF1;FLAG;caf\xE9;-2;2010-12-01T10:00:00+02:00;0.001\r\n";
  const path = await file("flags.csv", Buffer.from(rows.slice(1), "latin1"));
  const flags = ["--delimiter", ";", "--encoding", "windows-1252", "--currency", "EUR", "--country", "France"];
  const mapping = "order_number=No,product_code=Item,description=Text,quantity=Qty,placed_at=When,unit_price=Each";
  expect(await importJson(path, ...flags, "--columns", mapping)).toMatchObject({ added: 1, exitCode: 0 });
  const [order] = await exported("--product", "FLAG");
  expect(order).toEqual({
    order_number: "F1",
    product_code: "FLAG",
    description: "café",
    quantity: -2,
    placed_at: "2010-12-01T08:00:00Z",
    unit_price: "0.001",
    currency: "EUR",
    customer_id: null,
    country: "France",
  });
  const copy = join(folder, "copy.csv");
  await run("orders export", "--product", "FLAG", "--out", copy);
  expect(await importJson(copy)).toMatchObject({ added: 1, exitCode: 0 });
  expect(await exported("--product", "FLAG")).toEqual([order, order]);
});

test.each([
  ["columns that are not those of orders", "InvoiceNo,Colour\n1,red\n", "no column for product_code, quantity, "],
  ["an empty file", "", "is empty: a header is needed"],
])("%s: it reports the problem and imports nothing of any file", async (_what, content, problem) => {
  const good = await file("good.csv", header + line("G1", { code: "GOOD" }));
  const { exitCode, stdout, stderr } = await run("orders import", good, await file("wrong.csv", content));
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(problem);
  expect(await exported("--product", "GOOD")).toEqual([]);
});

test("Ctrl-C ends the import with exit code 130, and prints the number of stored lines", async () => {
  const silent = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const command = startCommand(["orders", "import", retail, "--address", `http://127.0.0.1:${port}`]);
  await once(silent, "connection");
  command.process.kill("SIGINT");
  const { exitCode, stdout, stderr } = await command.done;
  expect([exitCode, stdout]).toEqual([130, ""]);
  expect(stderr).toContain("the import has failed after 0 lines: run it again");
});

test.each([
  ["a missing file", ["no-such.csv"], "no-such.csv"],
  ["an invalid mapping", [retail, "--columns", "invoice"], "FIELD=COLUMN pairs such as order_number=No"],
  ["an invalid currency", [retail, "--currency", "pounds"], "three capital letters"],
  ["rejects into the file itself", [retail, "--rejects", `./${retail}`], "cannot be written there"],
  [
    "an unreachable server",
    [retail, "--address", "http://127.0.0.1:9"],
    "is the server running? bourse serve starts it",
  ],
])("%s is refused with what to do", async (_what, args, problem) => {
  const { exitCode, stderr } = await run("orders import", ...args);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(problem);
  expect(await readFile(retail, "utf8")).toMatch(/^InvoiceNo,/);
});

test("a pipe and a directory are refused, because they cannot be read twice", async () => {
  const pipe = join(folder, "pipe.csv");
  execFileSync("mkfifo", [pipe]);
  expect(await run("orders import", pipe)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`${pipe} is a pipe or device, not a file`),
  });
  expect(await run("orders import", folder)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`${folder} is a directory, not a file`),
  });
});
