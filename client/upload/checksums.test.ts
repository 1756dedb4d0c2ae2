import { createHash } from "node:crypto";
import { mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hashInSlices, newCrc32c } from "./checksums.ts";
import { blobSource, FileChangedError, fileHandleSource } from "./upload-source.ts";

const bytes = Uint8Array.from({ length: 1_300_000 }, (_, index) => (index * 7 + (index >> 9)) % 256);
const expected = createHash("sha256").update(bytes).digest();
const never = new AbortController().signal;

async function fileOf(content: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), "bourse-source-"));
  const path = join(folder, "file");
  await writeFile(path, content);
  const handle = await open(path);
  onTestFinished(async () => {
    await handle.close();
    await rm(folder, { recursive: true });
  });
  return { path, handle };
}

test("the hash of a Blob and of a file is equal to Node's hash of all bytes", async () => {
  const { handle } = await fileOf(bytes);
  const source = await fileHandleSource(handle, "file");
  expect(Buffer.from(await hashInSlices()(blobSource(new Blob([bytes])), never))).toEqual(expected);
  expect(await hashInSlices(() => createHash("sha256"))(source, never)).toEqual(expected);
});

test("hashing yields to the event loop, and the signal ends it", async () => {
  const end = new AbortController();
  setImmediate(() => end.abort(new Error("enough")));
  const large = blobSource(new Blob(Array.from({ length: 100 }, () => bytes)));
  await expect(hashInSlices()(large, end.signal)).rejects.toThrow("enough");
});

test("a modified or truncated file is detected", async () => {
  const { path, handle } = await fileOf(bytes);
  const source = await fileHandleSource(handle, "file");
  expect(await source.isUnchanged?.()).toBe(true);
  await truncate(path, 1_000);
  expect(await source.isUnchanged?.()).toBe(false);
  await expect(source.slice(900, 1_100)).rejects.toThrow(FileChangedError);
  await expect(hashInSlices()(source, never)).rejects.toThrow("it ends after 1000 bytes, and had 1300000");
});

test("CRC32C has the specified check values, also after other computations", async () => {
  const crc32c = await newCrc32c();
  const check = new TextEncoder().encode("123456789");
  expect(crc32c(check)).toBe(0xe3069283);
  expect(crc32c(new Uint8Array())).toBe(0);
  expect(crc32c(check)).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
});
