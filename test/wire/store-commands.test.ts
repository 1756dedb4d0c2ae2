import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { startCommand } from "../start-command.ts";

vi.setConfig({ testTimeout: 30_000 }); // each test starts processes

let bourse: BourseProcess;
let folder: string;
beforeAll(async () => {
  bourse = await startBourse(["--simulated-instruments", "1"]);
  folder = await mkdtemp(join(tmpdir(), "bourse-store-commands-"));
});
afterAll(async () => {
  await bourse?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command on the server of the tests. */
const run = (...args: readonly string[]) => startCommand(args, { BOURSE_ADDRESS: bourse.url }).done;

test("an import names the columns that it does not use, unless --quiet is set", async () => {
  const path = join(folder, "shop.csv");
  await writeFile(path, "SKU,Title,RRP\n1,Shop lamp,5\n");
  const { stdout, stderr, exitCode } = await run("products", "import", path, "--columns", "name=Title");
  expect({ stdout, exitCode }).toEqual({
    stdout: `${path}: 1 products added, 0 already stored, 0 lines rejected\n`,
    exitCode: 0,
  });
  expect(stderr).toContain(`${path}: these columns are not imported: SKU, RRP; --columns FIELD=COLUMN maps`);
  const quiet = await run("products", "import", path, "--columns", "name=Title", "--quiet");
  expect(quiet.stderr).toBe("");
});

test("bourse instruments lists the symbols", async () => {
  const { stdout } = await run("instruments");
  expect(stdout).toMatch(/^\S+ +[A-Z]{3} +\S.*\n/);
  const objects = (await run("instruments", "--json")).stdout.trimEnd().split("\n");
  expect(objects.map((line) => JSON.parse(line).symbol)).toContain("TEST");
});

test("a rejects file replaces only a rejects file", async () => {
  const [orders, notes] = [join(folder, "orders-to-import.csv"), join(folder, "notes.csv")];
  await writeFile(
    orders,
    "order_number,product_code,quantity,placed_at,unit_price,country\n1,A,x,2026-01-05,1,France\n",
  );
  await writeFile(notes, "my notes\n");
  const refused = await run("orders", "import", orders, "--rejects", notes);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(`${notes} exists, and is no file of rejected lines: choose another file`);
  expect(await readFile(notes, "utf8")).toBe("my notes\n");
  const rejects = join(folder, "rejects.csv");
  for (let time = 0; time < 2; time++) {
    expect((await run("orders", "import", orders, "--rejects", rejects)).exitCode).toBe(2);
    expect(await readFile(rejects, "utf8")).toMatch(/^file,line,reason,text\n.*\n$/);
  }
});

describe("products", () => {
  test("are created, printed, changed and deleted", async () => {
    const created = await run("products", "create", "--name", "Desk lamp", "--price", "49.90EUR");
    expect(created).toMatchObject({ exitCode: 0, stderr: "" });
    const id = created.stdout.trim();
    const got = await run("products", "get", id);
    expect(got.stdout).toMatch(/^id +\S+\nname +Desk lamp\nprice +49\.90 EUR\n/);
    const json = async () => JSON.parse((await run("products", "get", id, "--json")).stdout).product;
    expect(await json()).toMatchObject({
      id,
      name: "Desk lamp",
      price: { currency_code: "EUR", units: "49", nanos: 900000000 },
    });

    const file = join(folder, "laptop.json");
    await writeFile(
      file,
      JSON.stringify({
        name: "ignored",
        laptop: { brand: "Kestrel", ram: { value: "16", unit: "MEMORY_UNIT_GIGABYTE" } },
      }),
    );
    const updated = await run("products", "update", id, "--from", file, "--fields", "laptop", "--json");
    expect(JSON.parse(updated.stdout)).toMatchObject({ name: "Desk lamp", laptop: { brand: "Kestrel" } });
    expect((await run("products", "update", id, "--price", "5EUR", "--etag", "stale")).stderr).toContain("etag");
    expect((await run("products", "update", id, "--price", "39.90EUR")).stdout).toMatch(new RegExp(`^${id} {2}etag `));
    expect(await json()).toMatchObject({ price: { units: "39" }, laptop: { ram: { value: "16" } } });
    await run("products", "update", id, "--fields", "price");
    expect(await json()).not.toHaveProperty("price");

    const missing = "00000000-0000-4000-8000-000000000000";
    const deleted = await run("products", "delete", missing, id);
    expect(deleted).toMatchObject({ exitCode: 1, stdout: `${id}  deleted\n` });
    expect(deleted.stderr).toContain(missing);
    expect((await run("products", "get", id)).stderr).toContain("NotFound");
    expect((await run("products", "get", id, "--show-deleted")).stdout).toMatch(/^deleted +\d{4}-/m);
  });

  test("that do not fit the message are refused with the field", async () => {
    const file = join(folder, "wrong.json");
    await writeFile(file, '{ "name": "Lamp", "colour": "red" }');
    const { exitCode, stderr } = await run("products", "create", "--from", file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${file} is not a product`);
    expect(stderr).toContain('"colour"');
  });

  test("that nothing describes are not updated", async () => {
    const { exitCode, stderr } = await run("products", "update", "00000000-0000-4000-8000-000000000000");
    expect([exitCode, stderr]).toEqual([
      1,
      "no field to change: use --name, --description, --price, --from or --fields\n",
    ]);
  });

  test("are printed as objects with --json", async () => {
    const lines = (await run("products", "search", "kestrel", "--limit", "2", "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual([
      ["product", "relevance", "resume_token"],
      ["product", "relevance", "resume_token"],
    ]);
  });
});

describe("orders", () => {
  const order = {
    order_number: "S1",
    product_code: "SUBMIT",
    quantity: 2,
    placed_at: "2026-11-30",
    unit_price: "49.90",
    country: "France",
  };

  test("are submitted line by line, and bad lines are rejected alone", async () => {
    const lines = [
      JSON.stringify({ ...order, key: "submit-1" }),
      JSON.stringify({ ...order, key: "submit-1" }),
      "not JSON",
      JSON.stringify({ ...order, colour: "red" }),
      JSON.stringify({ ...order, quantity: 0 }),
      `{"order_number":"S2","product_code":"SUBMIT","quantity":1,"placed_at":"2026-11-30","unit_price":0.100000001,"country":"France"}`,
    ];
    const { process: child, done } = startCommand(["orders", "submit", "--currency", "EUR"], {
      BOURSE_ADDRESS: bourse.url,
    });
    child.stdin?.end(`${lines.join("\n")}\n`);
    const { stdout, stderr, exitCode } = await done;
    expect(exitCode).toBe(2);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^order \d+ {2}key submit-1$/),
      expect.stringMatching(/^order \d+ {2}key submit-1 {2}already stored$/),
      expect.stringMatching(/^order \d+ {2}key [0-9a-f-]{36}$/),
      "2 orders stored, 1 already stored, 3 rejected",
      "",
    ]);
    expect(stderr).toMatch(/^line 3: .*JSON.*\nline 4: "colour" is not a field of an order.*\nline 5: .*quantity/);
    const summary = await run("orders", "summary", "--product", "SUBMIT", "--json");
    expect(JSON.parse(summary.stdout)).toMatchObject({
      order_count: "2",
      totals: [{ currency_code: "EUR", order_count: "2", amount: { value: "99.900000001" } }],
    });
    expect((await run("orders", "summary", "--product", "SUBMIT")).stdout).toMatch(
      /^EUR +2 +99\.900000001\n2 orders\n$/,
    );
  });

  test("are stored while the input is open, and a signal ends the command", async () => {
    const { process: child, done } = startCommand(["orders", "submit", "--json"], { BOURSE_ADDRESS: bourse.url });
    child.stdin?.write(`${JSON.stringify({ ...order, key: "open-1" })}\n`);
    const first = await new Promise((resolve) => child.stdout?.once("data", resolve));
    expect(JSON.parse(String(first))).toEqual({
      line: 1,
      key: "open-1",
      sequence: expect.any(Number),
      duplicate: false,
    });
    child.kill("SIGINT");
    expect(await done).toMatchObject({ exitCode: 130, stderr: "" });
  });
});

test("uploads are listed by state, and aborted", async () => {
  const file = join(folder, "report.txt");
  await writeFile(file, "report");
  const upload = startCommand(["upload", file, "--json"], { BOURSE_ADDRESS: bourse.url, XDG_STATE_HOME: folder });
  const { id } = JSON.parse((await upload.done).stdout);
  const listed = await run("uploads", "list", "--state", "complete", "open");
  expect(listed.stdout).toMatch(new RegExp(`^${id} {2}complete +6 +6 {2}report\\.txt$`, "m"));
  const unknown = "00000000-0000-4000-8000-000000000000";
  const aborted = await run("uploads", "abort", unknown, id);
  expect(aborted).toMatchObject({ exitCode: 1, stdout: `${id}  aborted\n`, stderr: expect.stringContaining(unknown) });
  const [newest = ""] = (await run("uploads", "list", "--state", "aborted", "--limit", "1", "--json")).stdout.split(
    "\n",
  );
  expect(JSON.parse(newest)).toMatchObject({ upload_id: id, state: "UPLOAD_STATE_ABORTED" });
});
