import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { isPageProblem, pollOptions } from "./page-queries.ts";
import { download, MiB, serveUploads, uploadsPage } from "./uploads-page.ts";

const fixture = serveUploads();

test("an upload is paused, resumed and cancelled; the next one runs while it is paused", async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  const paused = fixture.proxy.pauseAfter(3 * MiB);
  await uploads.choose(await fixture.randomFile("long.bin", 8 * MiB), await fixture.randomFile("next.bin", MiB));
  await paused;
  await uploads.state("long.bin", "sending");
  await uploads.state("next.bin", "queued");
  const id = await uploads.id("long.bin");
  await uploads.button("Pause long.bin").click();
  await uploads.state("long.bin", "paused");
  fixture.proxy.resume();
  await uploads.state("next.bin", "complete");
  const committed = async () =>
    Number((await fixture.clients().uploads.getUpload({ uploadId: id })).upload?.committedOffset);
  expect(await committed()).toBeLessThan(8 * MiB);
  await page.reload();
  await uploads.state("long.bin", "paused");
  await uploads.button("Resume long.bin").click();
  await uploads.state("long.bin", "complete");
  await uploads.isStored("long.bin");

  const again = fixture.proxy.pauseAfter(2 * MiB);
  await uploads.choose(await fixture.randomFile("unwanted.bin", 8 * MiB));
  await again;
  const unwanted = await uploads.id("unwanted.bin");
  await uploads.button("Cancel unwanted.bin").click();
  fixture.proxy.resume();
  await expect.poll(() => uploads.row("unwanted.bin").count(), pollOptions).toBe(0);
  const state = async () => (await fixture.clients().uploads.getUpload({ uploadId: unwanted })).upload?.state;
  await expect.poll(state, pollOptions).toBe(UploadState.ABORTED);
  await page.reload();
  await page.locator('[data-list="loaded"]').waitFor({ state: "attached" });
  expect(await uploads.row("unwanted.bin").count()).toBe(0);
});

test("a page that is reloaded during an upload resumes a file that the browser stored", async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  const path = await fixture.randomFile("kept.bin", 10 * MiB);
  const paused = fixture.proxy.pauseAfter(5 * MiB);
  await uploads.choose(path);
  await paused;
  const id = await uploads.id("kept.bin");
  const reloaded = page.reload();
  fixture.proxy.resume();
  await reloaded;
  const before = fixture.proxy.sentBytes;
  await uploads.state("kept.bin", "complete");
  expect(await uploads.id("kept.bin")).toBe(id);
  expect(fixture.proxy.sentBytes - before).toBeLessThan(8 * MiB);
  await uploads.isStored("kept.bin");
  expect(Buffer.compare(await download(page, "kept.bin"), await readFile(path))).toBe(0);
});

test("a reloaded page asks for a large file again, and sends only the missing bytes", { tags: ["slow"] }, async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  const path = await fixture.randomFile("large.bin", 33 * MiB);
  const paused = fixture.proxy.pauseAfter(20 * MiB);
  await uploads.choose(path);
  await paused;
  const id = await uploads.id("large.bin");
  const reloaded = page.reload();
  fixture.proxy.resume();
  await reloaded;
  await uploads.state("large.bin", "file-missing");
  expect(await uploads.sentence("large.bin")).toContain("Choose the file again");
  const before = fixture.proxy.sentBytes;
  await uploads.choose(path);
  await uploads.state("large.bin", "complete");
  expect(await uploads.id("large.bin")).toBe(id);
  expect(await page.locator(".queue li").count()).toBe(1);
  expect(fixture.proxy.sentBytes - before).toBeLessThan(18 * MiB);
  await uploads.isStored("large.bin");
  expect(Buffer.compare(await download(page, "large.bin"), await readFile(path))).toBe(0);
});

test("the page waits while it is offline, and resumes when it is online", async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  const path = await fixture.randomFile("offline.bin", 8 * MiB);
  const paused = fixture.proxy.pauseAfter(4 * MiB);
  await uploads.choose(path);
  await paused;
  fixture.proxy.disconnect();
  await uploads.state("offline.bin", "reconnecting");
  expect(await uploads.sentence("offline.bin")).toMatch(
    /The server cannot be reached\. The upload resumes automatically\. Next attempt in \d+ s/,
  );
  await page.getByRole("link", { name: /^Uploads/ }).waitFor();
  fixture.proxy.reconnect();
  await uploads.state("offline.bin", "complete");
  await uploads.isStored("offline.bin");
  expect(Buffer.compare(await download(page, "offline.bin"), await readFile(path))).toBe(0);
  expect(fixture.problems.splice(0).filter(isPageProblem)).toEqual([]);
});

test("an upload resumes after the server is killed and restarted, while another page is shown", {
  tags: ["slow"],
}, async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  const path = await fixture.randomFile("survivor.bin", 8 * MiB);
  const paused = fixture.proxy.pauseAfter(4 * MiB);
  await uploads.choose(path);
  await paused;
  fixture.server.process.kill("SIGKILL");
  await fixture.server.ended;
  fixture.proxy.resume();
  await uploads.state("survivor.bin", "reconnecting");
  await page.getByRole("link", { name: "Catalogue" }).click();
  await fixture.restart();
  await page.getByRole("link", { name: /^Uploads/ }).click();
  await uploads.state("survivor.bin", "complete");
  await uploads.isStored("survivor.bin");
  expect(Buffer.compare(await download(page, "survivor.bin"), await readFile(path))).toBe(0);
  expect(fixture.problems.splice(0).filter(isPageProblem)).toEqual([]);
});

test("only one of two windows uploads, and the second takes over when the first is closed", async () => {
  const context = await fixture.newContext();
  const first = await fixture.open(context);
  const paused = fixture.proxy.pauseAfter(4 * MiB);
  await uploadsPage(first).choose(await fixture.randomFile("shared.bin", 8 * MiB));
  await paused;
  await uploadsPage(first).button("Pause shared.bin").click();
  fixture.proxy.resume();
  await uploadsPage(first).state("shared.bin", "paused");
  const second = await fixture.open(context);
  const uploads = uploadsPage(second);
  await uploads.state("shared.bin", "other-window");
  await first.close();
  await uploads.state("shared.bin", "paused");
  await uploads.button("Resume shared.bin").click();
  await uploads.state("shared.bin", "complete");
});

test("an upload that another program took over shows that, and continues on request", async () => {
  const page = await fixture.open(await fixture.newContext());
  const uploads = uploadsPage(page);
  const path = await fixture.randomFile("wanted.bin", 8 * MiB);
  const paused = fixture.proxy.pauseAfter(4 * MiB);
  await uploads.choose(path);
  await paused;
  const uploadId = await uploads.id("wanted.bin");
  await fixture.clients().uploads.startUpload({ info: { uploadId, fileName: "wanted.bin", size: BigInt(8 * MiB) } });
  fixture.proxy.resume();
  await uploads.state("wanted.bin", "taken-over");
  await uploads.button("Continue here wanted.bin").click();
  await uploads.state("wanted.bin", "complete");
  expect(fixture.problems.splice(0).filter((each) => !each.includes("409"))).toEqual([]); // The browser reports each refused request.
});
