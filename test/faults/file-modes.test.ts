import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, mkdtempDisposable, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type BourseProcess, startBourse } from "../start-bourse.ts";
import { storeClient } from "./store-client.ts";

const market = ["--demo", "--simulated-instruments", "3", "--simulated-rate", "20", "--log-level", "warn"];

/** A picture of one pixel. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

test.each(["000", "022", "077"])("only the server's user can read stored files, with umask %s", async (umask) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-modes-"));
  const data = join(folder.path, "made/by/the/server");
  {
    await using server = await startWith(umask, data);
    await useAllFamilies(server);
    await vi.waitFor(async () => expect(await modesBelow(data)).toHaveProperty(["bourse.sqlite-wal"]));
    await expectPrivate(data);
    const modes = await modesBelow(data);
    for (const path of ["bourse.sqlite", "bourse.sqlite-shm", "bourse.lock", "uploads/open", "uploads/complete"]) {
      expect(modes).toHaveProperty([path]);
    }
    expect(Object.keys(modes).some((path) => path.startsWith("uploads/thumbnails/"))).toBe(true);
    expect(Object.keys(modes).filter((path) => /^uploads\/(open|complete)\/./.test(path))).toHaveLength(2);
    expect(server.log()).not.toContain("data directory");
    server.process.kill("SIGKILL");
    await server.ended;
  }
  await expectPrivate(data);
  expect((await lstat(join(folder.path, "made"))).mode & 0o777).toBe(0o700);
});

test("a start removes the read permission of other users from the database of an earlier version", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-modes-"));
  const data = join(folder.path, "data");
  {
    await using server = await startWith("022", data);
    await useAllFamilies(server);
    server.process.kill("SIGKILL");
    await server.ended;
  }
  for (const name of ["bourse.sqlite", "bourse.sqlite-wal", "bourse.sqlite-shm", "bourse.lock"]) {
    await chmod(join(data, name), 0o644);
  }
  await using _ = await startWith("022", data);
  await expectPrivate(data);
});

test("a data directory of the user keeps its mode, and the log reports once that other users can list it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-modes-"));
  const data = join(folder.path, "data");
  await mkdir(data);
  await chmod(data, 0o755);
  await using server = await startWith("022", data);
  await useAllFamilies(server);
  expect((await lstat(data)).mode & 0o777).toBe(0o755);
  expect(server.log().split("other users can list the data directory").length - 1).toBe(1);
  await expectPrivate(data, { "": 0o755 });
});

function startWith(umask: string, data: string): Promise<BourseProcess> {
  return startBourse(market, data, ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"]);
}

/** Stores an open upload, a complete upload with its thumbnail, orders, a rating and candles. */
async function useAllFamilies({ url }: BourseProcess): Promise<void> {
  const client = storeClient(url);
  expect(await client.submit(1, 50)).toBe("OK");
  const { product } = await client.products.createProduct({ product: { name: "an abacus" } });
  expect(await client.rate(product?.id ?? "")).toBe("OK");
  expect(await client.uploadChunk(randomUUID())).toBe("OK");
  const uploadId = randomUUID();
  const { writerGeneration } = await client.uploads.startUpload({ info: { uploadId, productId: product?.id ?? "" } });
  await client.uploads.uploadChunk({ uploadId, writerGeneration, offset: 0n, data: png });
  await client.uploads.finishUpload({ uploadId, writerGeneration, size: BigInt(png.length) });
  const thumbnail = await fetch(`${url}/uploads/${uploadId}/thumbnail`);
  expect([thumbnail.status, thumbnail.headers.get("content-type")]).toEqual([200, "image/webp"]);
  await thumbnail.arrayBuffer();
}

/** Returns the permissions of the data directory, with the path "", and of all files in it. */
async function modesBelow(data: string): Promise<Record<string, { mode: number; isFolder: boolean }>> {
  const names = await readdir(data, { recursive: true });
  const modes: Record<string, { mode: number; isFolder: boolean }> = {};
  for (const name of ["", ...names]) {
    const found = await lstat(join(data, name)).catch(() => undefined); // a temporary file can disappear
    if (found !== undefined) modes[name] = { mode: found.mode & 0o777, isFolder: found.isDirectory() };
  }
  return modes;
}

async function expectPrivate(data: string, others: Readonly<Record<string, number>> = {}): Promise<void> {
  for (const [name, { mode, isFolder }] of Object.entries(await modesBelow(data))) {
    expect([name, mode.toString(8)]).toEqual([name, (others[name] ?? (isFolder ? 0o700 : 0o600)).toString(8)]);
  }
}
