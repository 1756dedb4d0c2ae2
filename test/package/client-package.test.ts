import { createHash, randomBytes } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import sizeLimitEsbuild from "@size-limit/esbuild";
import sizeLimitFile from "@size-limit/file";
import type { Browser, Page } from "playwright-core";
import sizeLimit from "size-limit";
import { build, createLogger, preview } from "vite";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { launchChromium } from "../browser/chromium.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { Consumer } from "./consumer.ts";
import { freePort } from "./free-port.ts";

const file = randomBytes(3 * 1024 * 1024);
const fileSha256 = createHash("sha256").update(file).digest("hex");

/** The largest page that watches quotes, in bytes: compressed with Brotli, with Connect and protobuf. */
const maxQuotePageBytes = 40_000;

const quotePage = `
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { QuoteService, watchQuotes } from "bourse/client/quote";

async function showQuotes() {
  const client = createClient(QuoteService, createConnectTransport({ baseUrl: location.origin }));
  for await (const update of watchQuotes(client, { symbols: ["*"] })) console.log(update);
}
void showQuotes();
`;

let pagePort: number;
let server: BourseProcess;
let consumer: Consumer;
/** The digest that export.ts has printed: of the orders that submit.ts has submitted. */
let ordersSha256: string;

beforeAll(async () => {
  pagePort = await freePort();
  server = await startBourse(["--cors-origin", `http://127.0.0.1:${pagePort}`]);
  consumer = await Consumer.install({
    build: "build:client",
    folder: "./dist/packages/client",
    readme: { path: "client/README.md", port: new URL(server.url).port },
    peers: [
      ...["@connectrpc/connect", "@connectrpc/connect-node", "@connectrpc/connect-web"],
      ...["@bufbuild/protobuf", "@types/node"],
    ],
  });
  await consumer.write("file.bin", file);
  await consumer.run("submit.ts");
  ordersSha256 = /sha256 (\w{64})/.exec(await consumer.run("export.ts"))?.[1] ?? "no digest";
});

afterAll(async () => {
  await consumer?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

test("the package contains the built client, its generated code, and nothing of the server", () => {
  const others = consumer.packed.filter((path) => !/^(client|gen)\/.*(\.js|\.d\.ts)$/.test(path));
  expect(others.toSorted()).toEqual(["LICENSE", "README.md", "package.json"]);
  expect(consumer.packed.filter((path) => /\.test\.|testing\/|csv|classic/.test(path))).toEqual([]);
});

test("the package depends on the libraries of hashes only, besides its peers", async () => {
  const manifest = JSON.parse(await readFile(join(consumer.folder, "node_modules/bourse/package.json"), "utf8"));
  expect(Object.keys(manifest.dependencies)).toEqual(["@noble/hashes", "hash-wasm"]);
  expect(Object.keys(manifest.peerDependencies)).toEqual(["@bufbuild/protobuf", "@connectrpc/connect"]);
});

test("publint and arethetypeswrong find no problem", async () => {
  expect(await consumer.lintPackage()).toBe("");
});

test("the files of the package's README pass the type check", async () => {
  expect(await consumer.checkTypes()).toBe("");
});

test("in Node, a watch receives quotes and ends with its loop", async () => {
  expect(await consumer.run("watch.ts")).toMatch(/^TEST \d[\d.]* \d[\d.]*$/m);
});

test("in Node, submitted orders are exported with their digest", async () => {
  expect(await consumer.run("submit.ts")).toBe("accepted\n".repeat(3));
  const exported = await consumer.run("export.ts");
  expect(exported).toMatch(/^(A-0\nA-1\nA-2\n)+exported \d+ orders, sha256 [0-9a-f]{64}\n$/);
  ordersSha256 = exported.trim().slice(-64);
});

test("in Node, a file is uploaded and verified", async () => {
  const [, id = "", sha256] = /^uploaded (\S+), sha256 (\w+)$/m.exec(await consumer.run("upload.ts", "file.bin")) ?? [];
  expect(sha256).toBe(fileSha256);
  expect(await storedUpload(id)).toMatchObject({ fileName: "file.bin", state: "UPLOAD_STATE_COMPLETE" });
});

test("a page that Vite builds watches, exports and uploads in Chromium", async () => {
  const output = join(consumer.folder, "page");
  const warnings: string[] = [];
  const customLogger = { ...createLogger("silent"), warn: (text: string) => warnings.push(text) };
  await build({ root: consumer.folder, configFile: false, logLevel: "warn", customLogger, build: { outDir: output } });
  expect(warnings).toEqual([]);
  for await (const path of glob(`${output}/**/*.js`)) expect(await readFile(path, "utf8")).not.toContain('"node:');

  const pages = await preview({
    root: consumer.folder,
    configFile: false,
    logLevel: "silent",
    build: { outDir: output },
    preview: { host: "127.0.0.1", port: pagePort, strictPort: true },
  });
  onTestFinished(() => pages.close());
  const browser: Browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${pagePort}`);
  await prints(page, /^TEST \d/m);
  await prints(page, new RegExp(`^exported \\d+ orders, sha256 ${ordersSha256}$`, "m"));
  await page.setInputFiles("input", join(consumer.folder, "file.bin"));
  const [, id = ""] = await prints(page, new RegExp(`^uploaded (\\S+), sha256 ${fileSha256}$`, "m"));
  expect(await storedUpload(id)).toMatchObject({ fileName: "file.bin", state: "UPLOAD_STATE_COMPLETE" });
  expect(problems).toEqual([]);
});

test("a page that only watches quotes takes at most 40 KB compressed", async () => {
  await consumer.write("quote-page.js", quotePage);
  const results = await sizeLimit([...sizeLimitEsbuild, ...sizeLimitFile], [join(consumer.folder, "quote-page.js")]);
  const [{ size } = { size: 0 }] = results as { size: number }[];
  console.log(`a page that watches quotes takes ${size} bytes compressed`);
  expect(size).toBeGreaterThan(5_000); // without the client or without Connect it would be smaller
  expect(size).toBeLessThanOrEqual(maxQuotePageBytes);
});

/** Waits until the page has printed a line. */
async function prints(page: Page, line: RegExp): Promise<RegExpExecArray> {
  const text = () => page.locator("pre").textContent();
  await expect.poll(text, { timeout: 20_000 }).toMatch(line);
  return line.exec((await text()) ?? "") ?? expect.fail("the page has removed the line");
}

async function storedUpload(uploadId: string): Promise<unknown> {
  const response = await fetch(`${server.url}/bourse.upload.v1.UploadService/GetUpload`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uploadId }),
  });
  const { upload } = (await response.json()) as { upload: unknown };
  return upload;
}
