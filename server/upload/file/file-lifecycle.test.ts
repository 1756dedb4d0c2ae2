import { randomUUID } from "node:crypto";
import { mkdtempDisposable, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StoreHealth } from "../../storage/store-health.ts";
import { createFile, openFolder } from "./file-lifecycle.ts";
import { NodeDisk } from "./node-disk.ts";

test("a new upload detects that its folder was removed, and makes the store read-only", async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), "bourse-uploads-"));
  const [disk, health] = [new NodeDisk(root.path), new StoreHealth()];
  await disk.makeFolder(openFolder);
  await createFile(randomUUID(), { disk, health });
  expect(health.isReadOnly).toBe(false);
  await disk.remove(`${openFolder}/${(await disk.list(openFolder))[0]}`);
  await rmdir(join(root.path, openFolder));
  await expect(createFile(randomUUID(), { disk, health })).rejects.toThrow("ENOENT");
  expect(health.isReadOnly).toBe(true);
});
