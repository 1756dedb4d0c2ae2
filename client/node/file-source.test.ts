import { appendFile, mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileChangedError } from "../upload/upload-source.ts";
import { NotAFileError, openFileSource } from "./file-source.ts";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bourse-source-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("a source has the name, the size and the bytes of its file", async () => {
  const path = join(await temporaryFolder(), "notes.txt");
  await writeFile(path, "some text");
  await using source = await openFileSource(path);
  expect(source).toMatchObject({ name: "notes.txt", size: 9 });
  expect(Buffer.from(await source.slice(5, 9)).toString()).toBe("text");
  expect(await source.isUnchanged?.()).toBe(true);
});

test("a source detects that its file was changed", async () => {
  const path = join(await temporaryFolder(), "notes.txt");
  await writeFile(path, "some text");
  await using source = await openFileSource(path);
  await appendFile(path, " more");
  expect(await source.isUnchanged?.()).toBe(false);
  const handle = await open(path, "r+");
  await handle.truncate(3);
  await handle.close();
  await expect(source.slice(0, 9)).rejects.toThrow(FileChangedError);
});

test("the file is closed when the source is disposed of", async () => {
  const path = join(await temporaryFolder(), "notes.txt");
  await writeFile(path, "some text");
  const source = await openFileSource(path);
  await source[Symbol.asyncDispose]();
  await expect(source.slice(0, 9)).rejects.toMatchObject({ code: "EBADF" });
});

test("a directory is refused, and a missing file is the error of Node", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "photos"));
  await expect(openFileSource(join(folder, "photos"))).rejects.toThrow(NotAFileError);
  await expect(openFileSource(join(folder, "photos"))).rejects.toThrow(/photos is not a file: only files can be/);
  await expect(openFileSource(join(folder, "missing"))).rejects.toMatchObject({ code: "ENOENT" });
});
