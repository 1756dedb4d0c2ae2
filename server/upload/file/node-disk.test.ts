import { randomBytes } from "node:crypto";
import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NodeDisk } from "./node-disk.ts";
import { diskContract } from "./testing/disk.contract.ts";

diskContract(async () => {
  const folder = await mkdtempDisposable(join(tmpdir(), "bourse-disk-"));
  return { disk: new NodeDisk(folder.path), [Symbol.asyncDispose]: () => folder.remove() };
});

test("symbolic links are never followed, neither to files nor to folders", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-disk-"));
  const secret = join(folder.path, "secret");
  await writeFile(secret, "secret");
  const disk = new NodeDisk(join(folder.path, "data"));
  await disk.makeFolder("open");
  await symlink(secret, join(folder.path, "data/open/a"));
  await expect(disk.open("open/a", "read")).rejects.toMatchObject({ code: "ELOOP" });
  await expect(disk.open("open/a", "write")).rejects.toMatchObject({ code: "ELOOP" });
  await expect(disk.create("open/a")).rejects.toMatchObject({ code: "EEXIST" });
  expect(await disk.sizeOf("open/a")).toBeUndefined();
  await disk.remove("open/a");
  expect(await readFile(secret, "utf8")).toBe("secret");
  await symlink(folder.path, join(folder.path, "data/complete"));
  await expect(disk.makeFolder("complete")).rejects.toThrow("is not a folder");
});

test("more parts than one system call accepts are all written", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-disk-"));
  const disk = new NodeDisk(folder.path);
  await using file = await disk.create("a");
  const parts = Array.from({ length: 3_000 }, (_, index) => Buffer.from([index % 256, index >> 8]));
  await file.write(parts, 0);
  expect(await readFile(join(folder.path, "a"))).toEqual(Buffer.concat(parts));
});

test("parts larger than one write are written completely", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-disk-"));
  const disk = new NodeDisk(folder.path);
  await using file = await disk.create("a");
  const parts = [100_000, 700_000, 3, 262_144].map((size) => randomBytes(size));
  await file.write(parts, 5);
  expect(await readFile(join(folder.path, "a"))).toEqual(Buffer.concat([Buffer.alloc(5), ...parts]));
});

test("a folder among the files is not listed", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-disk-"));
  await mkdir(join(folder.path, "open/lost+found"), { recursive: true });
  const disk = new NodeDisk(folder.path);
  await (await disk.create("open/a"))[Symbol.asyncDispose]();
  expect(await disk.list("open")).toEqual(["a"]);
});
