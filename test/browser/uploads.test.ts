import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Request } from "playwright-core";
import sharp from "sharp";
import { expect, test } from "vitest";
import { focusedText, isPageProblem, pollOptions, tabTo, textOf } from "./page-queries.ts";
import { download, MiB, serveUploads, uploadsPage } from "./uploads-page.ts";

const results = fileURLToPath(new URL("../../test-results/", import.meta.url));
const picture = fileURLToPath(new URL("../../docs/dashboard.png", import.meta.url));

const fixture = serveUploads();

test("images are uploaded, have thumbnails, and are downloaded bit for bit", async () => {
  const files = {
    "picture.png": picture,
    "photo.jpg": join(fixture.folder, "photo.jpg"),
    "drawing.webp": join(fixture.folder, "drawing.webp"),
  };
  await sharp(picture).resize(800).jpeg().toFile(files["photo.jpg"]);
  await sharp(picture).resize(500).webp().toFile(files["drawing.webp"]);
  const renamed = join(fixture.folder, "picture.png");
  await writeFile(renamed, await readFile(picture));
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  await uploads.choose(renamed, files["photo.jpg"], files["drawing.webp"]);
  for (const [name, path] of Object.entries(files)) {
    await uploads.state(name, "complete");
    await uploads.isStored(name);
    const thumbnail = uploads.stored(name).locator("img");
    await thumbnail.scrollIntoViewIfNeeded();
    const width = () => thumbnail.evaluate((image) => (image as { naturalWidth?: number }).naturalWidth);
    await expect.poll(width, pollOptions).toBeGreaterThan(0);
    expect(Buffer.compare(await download(page, name), await readFile(path))).toBe(0);
  }
  expect(await uploads.sentence("photo.jpg")).toContain("Complete, checksum verified");
  expect(await textOf(uploads.stored("photo.jpg"))).toContain("image/jpeg, 800 ×");
  await uploads.button("Clear completed").click();
  await expect.poll(() => page.locator(".queue").count(), pollOptions).toBe(0);
});

test("files can be dropped on the page", async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  const data = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    data.items.add(new File(["some text"], "dropped.txt", { type: "text/plain" }));
    data.items.add(new File([], "empty.txt"));
    return data;
  })()`);
  const zone = page.locator(".drop-zone");
  await zone.dispatchEvent("dragover", { dataTransfer: data });
  await expect.poll(() => zone.getAttribute("data-dragging"), pollOptions).toBe("true");
  await zone.dispatchEvent("drop", { dataTransfer: data });
  await expect.poll(() => zone.getAttribute("data-dragging"), pollOptions).toBe("false");
  for (const name of ["dropped.txt", "empty.txt"]) await uploads.state(name, "complete");
  await uploads.isStored("dropped.txt");
  expect((await download(page, "dropped.txt")).toString()).toBe("some text");
});

test("at most two requests are concurrent, and a separate thread computes the hash", { tags: ["slow"] }, async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  const inFlight = new Set<Request>();
  let [most, workers] = [0, 0];
  page.on("worker", () => workers++);
  page.on("request", (request) => {
    if (request.url().includes("/bourse.upload.v1.")) inFlight.add(request);
    most = Math.max(most, inFlight.size);
  });
  page.on("requestfinished", (request) => inFlight.delete(request));
  page.on("requestfailed", (request) => inFlight.delete(request));
  const files = [await fixture.randomFile("first.bin", 5 * MiB), await fixture.randomFile("second.bin", 5 * MiB)];
  const paused = fixture.proxy.pauseAfter(2 * MiB);
  await uploads.choose(...files);
  await paused;
  await expect.poll(() => inFlight.size, pollOptions).toBe(2);
  await uploads.button("Refresh").click(); // The click waits for a free request slot.
  fixture.proxy.resume();
  for (const name of ["first.bin", "second.bin"]) await uploads.state(name, "complete");
  expect(most).toBe(2);
  expect(workers).toBe(2);
  await uploads.isStored("second.bin");
  expect(Buffer.compare(await download(page, "second.bin"), await readFile(files[1] ?? ""))).toBe(0);
});

test("an upload is deleted only after a confirmation", async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  await uploads.choose(await fixture.randomFile("doomed.bin", 1_000));
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
  await expect.poll(() => uploads.stored("doomed.bin").count(), pollOptions).toBe(0);
  await uploads.button("Refresh").click();
  await page.locator('[data-list="loaded"]').waitFor({ state: "attached" });
  expect(await uploads.stored("doomed.bin").count()).toBe(0);
});

test("an upload can belong to a product, by a link or by its name", async () => {
  const [product] = await Array.fromAsync(fixture.clients().products.listProducts({}));
  const { id = "", name = "" } = product?.product ?? {};
  const page = await fixture.open(await fixture.newContext(), `/uploads?product=${id}`);
  const uploads = uploadsPage(page);
  const box = page.getByLabel("Product", { exact: true });
  await expect.poll(() => box.inputValue(), pollOptions).toBe(name);
  await uploads.choose(await fixture.randomFile("of-product.bin", 1_000));
  await uploads.isStored("of-product.bin");
  expect(await textOf(uploads.stored("of-product.bin"))).toContain(name);
  await box.fill("no such product");
  await expect.poll(() => textOf(page.locator(".head .problem")), pollOptions).toContain("No product has this name");
  await box.fill(name);
  await uploads.choose(await fixture.randomFile("by-name.bin", 1_000));
  await uploads.isStored("by-name.bin");
  const { uploads: found } = await fixture.clients().uploads.listUploads({ productId: id });
  expect(found.map(({ fileName }) => fileName)).toEqual(["by-name.bin", "of-product.bin"]);
});

test("the keyboard opens the file chooser and presses the buttons", async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  // Registered early: the browser needs time before it reports file choosers to the test.
  const chooser = page.waitForEvent("filechooser");
  await tabTo(page, "Uploads");
  await tabTo(page, "Choose files");
  await page.keyboard.press("Enter");
  const paused = fixture.proxy.pauseAfter(4 * MiB);
  await (await chooser).setFiles(await fixture.randomFile("by-keyboard.bin", 8 * MiB));
  await paused;
  await tabTo(page, "Pause");
  await page.keyboard.press("Space");
  fixture.proxy.resume();
  await uploads.state("by-keyboard.bin", "paused");
  expect(await focusedText(page)).toBe("Resume");
  expect(await page.getByRole("progressbar", { name: "by-keyboard.bin: upload progress" }).count()).toBe(1);
});

test("a narrow screen scrolls the table, not the page", async () => {
  const page = await fixture.open(await fixture.newContext({ viewport: { width: 360, height: 740 } }));
  const uploads = uploadsPage(page);
  const name = `${"a-long-name-".repeat(8)}.bin`;
  await uploads.choose(await fixture.randomFile(name, 1_000));
  await uploads.isStored(name);
  expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(360);
  await page.screenshot({ path: `${results}uploads-narrow.png` });
});

test.each(["light", "dark"] as const)("the page has a screenshot in the %s theme", async (colorScheme) => {
  const context = await fixture.newContext({ colorScheme });
  const page = await fixture.open(context);
  const uploads = uploadsPage(page);
  const photo = join(fixture.folder, "photo of the market.jpg");
  await sharp(picture).resize(900).jpeg().toFile(photo);
  await uploads.choose(photo, await fixture.randomFile("prices 2026.csv", 40_000));
  await uploads.state("prices 2026.csv", "complete");
  await uploads.choose(
    await fixture.randomFile("waiting.bin", 3 * MiB),
    await fixture.randomFile("then this.bin", 2 * MiB),
  );
  const paused = fixture.proxy.pauseAfter(2 * MiB);
  await paused;
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
      pollOptions,
    )
    .toBe(true);
  await page.screenshot({ path: `${results}uploads-${colorScheme}.png`, fullPage: true });
  fixture.proxy.disconnect();
  await uploads.state("then this.bin", "reconnecting");
  await page.screenshot({ path: `${results}uploads-waiting-${colorScheme}.png` });
  await page
    .getByRole("button", { name: /^Delete photo/ })
    .first()
    .click();
  await page.screenshot({ path: `${results}uploads-delete-${colorScheme}.png` });
  expect(fixture.problems.splice(0).filter(isPageProblem)).toEqual([]);
});
