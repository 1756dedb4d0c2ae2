import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { Browser, BrowserContext, BrowserContextOptions, Page, Request } from "playwright-core";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { type Line, openLine } from "../line.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { launchChromium } from "./chromium.ts";
import { focusedText, isOfPage, patience, tabTo, textOf } from "./quotes-of.ts";

const results = fileURLToPath(new URL("../../test-results/", import.meta.url));
const picture = fileURLToPath(new URL("../../docs/dashboard.png", import.meta.url));
const MiB = 2 ** 20;

let folder: string;
let server: BourseProcess;
let line: Line;
let browser: Browser;
const problems: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-uploads-page-"));
  server = await startBourse(["--grace", "2"], join(folder, "data"));
  browser = await launchChromium();
});

// Each test has a line, and so an origin, of its own.
beforeEach(async () => {
  line = await openLine(server.url);
});

afterEach(async () => {
  await line[Symbol.asyncDispose]();
  expect(problems.splice(0)).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  server?.process.kill("SIGTERM");
  expect(await server?.ended, server?.log().slice(-5_000)).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

/** A client that does not go by the line. */
function direct() {
  const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "2" });
  return { uploads: createClient(UploadService, transport), products: createClient(ProductService, transport) };
}

async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 860 }, ...options });
  onTestFinished(() => context.close());
  return context;
}

/** Opens the page. What goes wrong in it ends up in `problems`. */
async function open(context: BrowserContext, path = "/uploads"): Promise<Page> {
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(line.url + path);
  return page;
}

/** The page as its user sees it. */
function uploadsOf(page: Page) {
  const row = (name: string) => page.locator(".queue li", { hasText: name });
  const stored = (name: string) => page.locator("tr[data-stored]", { hasText: name });
  return {
    row,
    stored,
    choose: (...paths: string[]) => page.locator("input[type=file]").setInputFiles(paths),
    state: (name: string, state: string) =>
      expect.poll(() => row(name).getAttribute("data-state"), patience).toBe(state),
    button: (name: string) => page.getByRole("button", { name, exact: true }),
    sentence: (name: string) => textOf(row(name).locator(".queue-state")),
    id: async (name: string) => (await row(name).getAttribute("data-upload")) ?? "",
    isStored: (name: string) => expect.poll(() => stored(name).getAttribute("data-complete"), patience).toBe("true"),
  };
}

/** A file of random bytes. */
async function fileOf(name: string, bytes: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, randomBytes(bytes));
  return path;
}

/** Downloads an upload by its link, as its user does. */
async function download(page: Page, name: string): Promise<Buffer> {
  const [event] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: `Download ${name}`, exact: true }).click(),
  ]);
  expect(event.suggestedFilename()).toBe(name);
  return readFile(await event.path());
}

test("images are uploaded, shown small, and come back bit for bit", async () => {
  const files = {
    "picture.png": picture,
    "photo.jpg": join(folder, "photo.jpg"),
    "drawing.webp": join(folder, "drawing.webp"),
  };
  await sharp(picture).resize(800).jpeg().toFile(files["photo.jpg"]);
  await sharp(picture).resize(500).webp().toFile(files["drawing.webp"]);
  const renamed = join(folder, "picture.png");
  await writeFile(renamed, await readFile(picture));
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  await uploads.choose(renamed, files["photo.jpg"], files["drawing.webp"]);
  for (const [name, path] of Object.entries(files)) {
    await uploads.state(name, "complete");
    await uploads.isStored(name);
    const thumbnail = uploads.stored(name).locator("img");
    await thumbnail.scrollIntoViewIfNeeded();
    const width = () => thumbnail.evaluate((image) => (image as { naturalWidth?: number }).naturalWidth);
    await expect.poll(width, patience).toBeGreaterThan(0);
    expect(Buffer.compare(await download(page, name), await readFile(path))).toBe(0);
  }
  expect(await uploads.sentence("photo.jpg")).toContain("Complete, checksum verified");
  expect(await textOf(uploads.stored("photo.jpg"))).toContain("image/jpeg, 800 ×");
  await uploads.button("Clear completed").click();
  await expect.poll(() => page.locator(".queue").count(), patience).toBe(0);
});

test("files can be dropped on the page", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  const data = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    data.items.add(new File(["some text"], "dropped.txt", { type: "text/plain" }));
    data.items.add(new File([], "empty.txt"));
    return data;
  })()`);
  const zone = page.locator(".drop-zone");
  await zone.dispatchEvent("dragover", { dataTransfer: data });
  await expect.poll(() => zone.getAttribute("data-dragging"), patience).toBe("true");
  await zone.dispatchEvent("drop", { dataTransfer: data });
  await expect.poll(() => zone.getAttribute("data-dragging"), patience).toBe("false");
  for (const name of ["dropped.txt", "empty.txt"]) await uploads.state(name, "complete");
  await uploads.isStored("dropped.txt");
  expect((await download(page, "dropped.txt")).toString()).toBe("some text");
});

test("two requests are under way at most, and the page hashes in a thread of its own", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  const inFlight = new Set<Request>();
  let [most, workers] = [0, 0];
  page.on("worker", () => workers++);
  page.on("request", (request) => {
    if (request.url().includes("/bourse.upload.v1.")) inFlight.add(request);
    most = Math.max(most, inFlight.size);
  });
  page.on("requestfinished", (request) => inFlight.delete(request));
  page.on("requestfailed", (request) => inFlight.delete(request));
  const files = [await fileOf("first.bin", 5 * MiB), await fileOf("second.bin", 5 * MiB)];
  const held = line.holdAfter(2 * MiB);
  await uploads.choose(...files);
  await held;
  await expect.poll(() => inFlight.size, patience).toBe(2);
  await uploads.button("Refresh").click(); // It waits for its turn.
  line.release();
  for (const name of ["first.bin", "second.bin"]) await uploads.state(name, "complete");
  expect(most).toBe(2);
  expect(workers).toBe(2);
  await uploads.isStored("second.bin");
  expect(Buffer.compare(await download(page, "second.bin"), await readFile(files[1] ?? ""))).toBe(0);
});

test("an upload is paused, resumed and cancelled; the next one has its turn meanwhile", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  const held = line.holdAfter(3 * MiB);
  await uploads.choose(await fileOf("long.bin", 8 * MiB), await fileOf("next.bin", MiB));
  await held;
  await uploads.state("long.bin", "sending");
  await uploads.state("next.bin", "queued");
  const id = await uploads.id("long.bin");
  await uploads.button("Pause long.bin").click();
  await uploads.state("long.bin", "paused");
  line.release();
  await uploads.state("next.bin", "complete");
  const committed = async () => Number((await direct().uploads.getUpload({ uploadId: id })).upload?.committedOffset);
  expect(await committed()).toBeLessThan(8 * MiB);
  await page.reload();
  await uploads.state("long.bin", "paused");
  await uploads.button("Resume long.bin").click();
  await uploads.state("long.bin", "complete");
  await uploads.isStored("long.bin");

  const again = line.holdAfter(2 * MiB);
  await uploads.choose(await fileOf("unwanted.bin", 8 * MiB));
  await again;
  const unwanted = await uploads.id("unwanted.bin");
  await uploads.button("Cancel unwanted.bin").click();
  line.release();
  await expect.poll(() => uploads.row("unwanted.bin").count(), patience).toBe(0);
  const state = async () => (await direct().uploads.getUpload({ uploadId: unwanted })).upload?.state;
  await expect.poll(state, patience).toBe(UploadState.ABORTED);
  await page.reload();
  await page.locator('[data-list="loaded"]').waitFor({ state: "attached" });
  expect(await uploads.row("unwanted.bin").count()).toBe(0);
});

test("a page that is loaded again in the middle goes on by itself with a file that the browser has kept", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  const path = await fileOf("kept.bin", 10 * MiB);
  const held = line.holdAfter(5 * MiB);
  await uploads.choose(path);
  await held;
  const id = await uploads.id("kept.bin");
  const reloaded = page.reload();
  line.release();
  await reloaded;
  const before = line.sent;
  await uploads.state("kept.bin", "complete");
  expect(await uploads.id("kept.bin")).toBe(id);
  expect(line.sent - before).toBeLessThan(8 * MiB);
  await uploads.isStored("kept.bin");
  expect(Buffer.compare(await download(page, "kept.bin"), await readFile(path))).toBe(0);
});

test("a larger file is asked for again, and only what is missing is sent", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  const path = await fileOf("large.bin", 33 * MiB);
  const held = line.holdAfter(20 * MiB);
  await uploads.choose(path);
  await held;
  const id = await uploads.id("large.bin");
  const reloaded = page.reload();
  line.release();
  await reloaded;
  await uploads.state("large.bin", "file-missing");
  expect(await uploads.sentence("large.bin")).toContain("Choose the file again");
  const before = line.sent;
  await uploads.choose(path);
  await uploads.state("large.bin", "complete");
  expect(await uploads.id("large.bin")).toBe(id);
  expect(await page.locator(".queue li").count()).toBe(1);
  expect(line.sent - before).toBeLessThan(18 * MiB);
  await uploads.isStored("large.bin");
  expect(Buffer.compare(await download(page, "large.bin"), await readFile(path))).toBe(0);
});

test("while the network is gone the page waits, and goes on by itself when it is back", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  const path = await fileOf("patient.bin", 8 * MiB);
  const held = line.holdAfter(4 * MiB);
  await uploads.choose(path);
  await held;
  line.cut();
  await uploads.state("patient.bin", "reconnecting");
  expect(await uploads.sentence("patient.bin")).toMatch(
    /The server cannot be reached\. The upload resumes automatically\. Next attempt in \d+ s/,
  );
  await page.getByRole("link", { name: /^Uploads/ }).waitFor();
  line.mend();
  await uploads.state("patient.bin", "complete");
  await uploads.isStored("patient.bin");
  expect(Buffer.compare(await download(page, "patient.bin"), await readFile(path))).toBe(0);
  expect(problems.splice(0).filter(isOfPage)).toEqual([]);
});

test("a server that is killed and comes back is gone on with, while another page is shown", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  const path = await fileOf("survivor.bin", 8 * MiB);
  const held = line.holdAfter(4 * MiB);
  await uploads.choose(path);
  await held;
  server.process.kill("SIGKILL");
  await server.ended;
  line.release();
  await uploads.state("survivor.bin", "reconnecting");
  await page.getByRole("link", { name: "Catalogue" }).click();
  server = await startBourse(["--grace", "2"], join(folder, "data"));
  line.target = server.url;
  await page.getByRole("link", { name: /^Uploads/ }).click();
  await uploads.state("survivor.bin", "complete");
  await uploads.isStored("survivor.bin");
  expect(Buffer.compare(await download(page, "survivor.bin"), await readFile(path))).toBe(0);
  expect(problems.splice(0).filter(isOfPage)).toEqual([]);
});

test("two windows do not fight: the second waits, and takes the upload over when the first is closed", async () => {
  const context = await newContext();
  const first = await open(context);
  const held = line.holdAfter(4 * MiB);
  await uploadsOf(first).choose(await fileOf("shared.bin", 8 * MiB));
  await held;
  await uploadsOf(first).button("Pause shared.bin").click();
  line.release();
  await uploadsOf(first).state("shared.bin", "paused");
  const second = await open(context);
  const uploads = uploadsOf(second);
  await uploads.state("shared.bin", "other-window");
  await first.close();
  await uploads.state("shared.bin", "paused");
  await uploads.button("Resume shared.bin").click();
  await uploads.state("shared.bin", "complete");
});

test("who was taken over by another program says so, and goes on when told to", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  const path = await fileOf("wanted.bin", 8 * MiB);
  const held = line.holdAfter(4 * MiB);
  await uploads.choose(path);
  await held;
  const uploadId = await uploads.id("wanted.bin");
  await direct().uploads.startUpload({ info: { uploadId, fileName: "wanted.bin", size: BigInt(8 * MiB) } });
  line.release();
  await uploads.state("wanted.bin", "taken-over");
  await uploads.button("Continue here wanted.bin").click();
  await uploads.state("wanted.bin", "complete");
  expect(problems.splice(0).filter((each) => !each.includes("409"))).toEqual([]); // The browser tells of each refusal.
});

test("an upload is deleted only when that is confirmed", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  await uploads.choose(await fileOf("doomed.bin", 1_000));
  await uploads.isStored("doomed.bin");
  const dialog = page.getByRole("dialog", { name: "Delete “doomed.bin”?" });
  await uploads.button("Delete doomed.bin").click();
  await dialog.waitFor();
  expect(await focusedText(page)).toBe("Cancel");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await uploads.stored("doomed.bin").count()).toBe(1);
  await uploads.button("Delete doomed.bin").click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect.poll(() => uploads.stored("doomed.bin").count(), patience).toBe(0);
  await uploads.button("Refresh").click();
  await page.locator('[data-list="loaded"]').waitFor({ state: "attached" });
  expect(await uploads.stored("doomed.bin").count()).toBe(0);
});

test("an upload can belong to a product: from a link, or chosen by its name", async () => {
  const [product] = await Array.fromAsync(direct().products.listProducts({}));
  const { id = "", name = "" } = product?.product ?? {};
  const page = await open(await newContext(), `/uploads?product=${id}`);
  const uploads = uploadsOf(page);
  const box = page.getByLabel("Product", { exact: true });
  await expect.poll(() => box.inputValue(), patience).toBe(name);
  await uploads.choose(await fileOf("of-product.bin", 1_000));
  await uploads.isStored("of-product.bin");
  expect(await textOf(uploads.stored("of-product.bin"))).toContain(name);
  await box.fill("no such product");
  await expect.poll(() => textOf(page.locator(".head .problem")), patience).toContain("No product has this name");
  await box.fill(name);
  await uploads.choose(await fileOf("by-name.bin", 1_000));
  await uploads.isStored("by-name.bin");
  const { uploads: found } = await direct().uploads.listUploads({ productId: id });
  expect(found.map(({ fileName }) => fileName)).toEqual(["by-name.bin", "of-product.bin"]);
});

test("the keyboard opens the choice of files and works the buttons", async () => {
  const page = await open(await newContext());
  const uploads = uploadsOf(page);
  // Waited for early: the browser is told to give the choice to the test, and takes its time.
  const chooser = page.waitForEvent("filechooser");
  await tabTo(page, "Uploads");
  await tabTo(page, "Choose files");
  await page.keyboard.press("Enter");
  const held = line.holdAfter(4 * MiB);
  await (await chooser).setFiles(await fileOf("by-keyboard.bin", 8 * MiB));
  await held;
  await tabTo(page, "Pause");
  await page.keyboard.press("Space");
  line.release();
  await uploads.state("by-keyboard.bin", "paused");
  expect(await focusedText(page)).toBe("Resume");
  expect(await page.getByRole("progressbar", { name: "by-keyboard.bin: upload progress" }).count()).toBe(1);
});

test("a narrow screen scrolls the table, never the page", async () => {
  const page = await open(await newContext({ viewport: { width: 360, height: 740 } }));
  const uploads = uploadsOf(page);
  const name = `${"a-long-name-".repeat(8)}.bin`;
  await uploads.choose(await fileOf(name, 1_000));
  await uploads.isStored(name);
  expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(360);
  await page.screenshot({ path: `${results}uploads-narrow.png` });
});

test.each(["light", "dark"] as const)("the page has its picture taken in the %s theme", async (colorScheme) => {
  const context = await newContext({ colorScheme });
  const page = await open(context);
  const uploads = uploadsOf(page);
  const photo = join(folder, "photo of the market.jpg");
  await sharp(picture).resize(900).jpeg().toFile(photo);
  await uploads.choose(photo, await fileOf("prices 2026.csv", 40_000));
  await uploads.state("prices 2026.csv", "complete");
  await uploads.choose(await fileOf("waiting.bin", 3 * MiB), await fileOf("then this.bin", 2 * MiB));
  const held = line.holdAfter(2 * MiB);
  await held;
  await uploads.button("Pause waiting.bin").click();
  await uploads.state("waiting.bin", "paused");
  await expect
    .poll(
      () =>
        uploads
          .stored("photo of")
          .first()
          .locator("img")
          .evaluate((image) => (image as { complete?: boolean }).complete),
      patience,
    )
    .toBe(true);
  await page.screenshot({ path: `${results}uploads-${colorScheme}.png`, fullPage: true });
  line.cut();
  await uploads.state("then this.bin", "reconnecting");
  await page.screenshot({ path: `${results}uploads-waiting-${colorScheme}.png` });
  await page
    .getByRole("button", { name: /^Delete photo/ })
    .first()
    .click();
  await page.screenshot({ path: `${results}uploads-delete-${colorScheme}.png` });
  expect(problems.splice(0).filter(isOfPage)).toEqual([]);
});
