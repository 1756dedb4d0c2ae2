import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ShellCommand } from "../readme/shell-command.ts";
import { Consumer } from "./consumer.ts";

const picture = fileURLToPath(new URL("../../docs/dashboard.png", import.meta.url));

let consumer: Consumer;
let server: ShellCommand;
let url: string;

beforeAll(async () => {
  consumer = await Consumer.install({
    folder: ".",
    readme: { path: "client/README.md", port: "8080" },
    peers: ["@connectrpc/connect-web", "@types/node"],
  });
  server = start("npx --no-install bourse", "serve --port 0 --data data --demo-orders 100");
  [url] = await server.prints(/http:\S+/);
}, 300_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await consumer?.[Symbol.asyncDispose]();
});

test("the package contains the built program and the dashboard, without sources and tests", () => {
  const others = consumer.packed.filter((path) => !/^dist\/(cli|client|gen|server|web)\//.test(path));
  expect(others.toSorted()).toEqual([
    ...["LICENSE", "README.md", "dist/package.json", "package.json"],
    ...["tools/launch/launch-error.js", "tools/launch/run-child.js", "tools/run-packaged-command.cjs"],
  ]);
  expect(consumer.packed.filter((path) => /\.test\.|\/testing\/|(?<!\.d)\.ts$/.test(path))).toEqual([]);
});

test("publint and arethetypeswrong find no problem", async () => {
  expect(await consumer.lintPackage()).toBe("");
});

test("the installed command serves the API, from the demonstration data", async () => {
  const instruments = await call("bourse.quote.v1.QuoteService/ListInstruments", {});
  expect(instruments.instruments).toContainEqual(expect.objectContaining({ symbol: "ACME" }));
  await using list = new ShellCommand(`exec node_modules/.bin/buf curl --http2-prior-knowledge --list-services ${url}`);
  await list.prints(/^bourse\.order\.v1\.OrderService$/m);
});

test("the installed command serves the dashboard", async () => {
  const page = await (await fetch(url)).text();
  const [, script = "no script"] = /<script[^>]* src="([^"]+)"/.exec(page) ?? [];
  const response = await fetch(new URL(script, url));
  expect(response.headers.get("content-type")).toMatch(/javascript/);
});

test("the client of the package uploads an image, which the server hashes and scales", async () => {
  await consumer.write("picture.png", await readFile(picture));
  const upload = await readFile(join(consumer.folder, "upload.ts"), "utf8");
  await consumer.write("upload-picture.ts", upload.replaceAll("http://127.0.0.1:8080", url));
  const [, id] = /^uploaded (\S+), sha256/m.exec(await consumer.run("upload-picture.ts", "picture.png")) ?? [];
  const thumbnail = await fetch(`${url}/uploads/${id}/thumbnail`);
  expect(thumbnail.status).toBe(200);
  expect(thumbnail.headers.get("content-type")).toMatch(/^image\//);
});

test.each([
  { args: "products list", output: /^[1-9]\d* products$/m },
  { args: "watch TEST --count 1", output: /^stream \S+\nsnapshot +TEST /m },
  { args: "orders import orders.csv --country France --currency EUR", output: /1 orders? added/ },
  { args: "orders summary", output: /^10[01] orders/m },
  { args: "upload file.txt", output: /^file\.txt +[0-9a-f-]{36} +9 bytes/m },
  { args: "uploads list --json", output: /"file_name":"file\.txt"/, after: "upload file.txt" },
  { args: "backup copy.sqlite --data data", output: /copy\.sqlite contains the database/ },
  { args: 'call bourse.quote.v1.QuoteService/GetQuote --data \'{"symbol":"TEST"}\'', output: /"symbol": ?"TEST"/ },
  { args: "completion bash", output: /^complete /m },
])("the installed command runs: bourse $args", async ({ args, output, after }) => {
  await consumer.write(
    "orders.csv",
    "key,order_number,product_code,quantity,placed_at,unit_price\na,1,P,2,2026-01-01,3.50\n",
  );
  await consumer.write("file.txt", "some text");
  if (after !== undefined) await runToEnd(after);
  expect(await runToEnd(args)).toMatch(output);
});

test("a signal ends the installed server cleanly", async () => {
  await using another = start("node_modules/.bin/bourse", "serve --port 0 --data other-data --demo-orders 0");
  await another.prints(/http:\S+/);
  expect(await another.end()).toBe(0);
});

/** Starts a command in the folder of the project, on the Node of this test. */
function start(command: string, args: string): ShellCommand {
  const path = `${dirname(process.execPath)}:$PATH`;
  return new ShellCommand(`cd '${consumer.folder}' && PATH="${path}" exec ${command} ${args}`, environment());
}

/** Runs the installed command with the address of the server. Resolves to its output. Throws if its exit code is not 0. */
async function runToEnd(args: string): Promise<string> {
  await using command = start("sh", `-c 'node_modules/.bin/bourse "$@"; echo "exit code $?"' - ${args}`);
  const [output] = await command.prints(/^.*exit code \d+\n$/s);
  expect(output).toMatch(/exit code 0\n$/);
  return output;
}

/** Commands keep their state in the folder of the project. */
function environment(): Record<string, string> {
  return { BOURSE_ADDRESS: url ?? "", XDG_STATE_HOME: join(consumer.folder, "state") };
}

async function call(method: string, request: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  return (await response.json()) as Record<string, unknown>;
}
