import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { SqliteUploadStore } from "./sqlite-upload-store.ts";
import { MemoryUploadStore } from "./testing/memory-upload-store.ts";
import { uploadStoreContract } from "./testing/upload-store.contract.ts";
import { type UploadTables, uploadMigrations } from "./upload-tables.ts";

describe("SqliteUploadStore", () => {
  uploadStoreContract(async () => {
    const resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-uploads-")));
    const { tables } = resources.use(await openDatabase<UploadTables>(folder.path, { migrations: [uploadMigrations] }));
    return { store: new SqliteUploadStore(tables), [Symbol.asyncDispose]: () => resources.disposeAsync() };
  });
});

describe("MemoryUploadStore", () => {
  uploadStoreContract(async () => ({ store: new MemoryUploadStore(), async [Symbol.asyncDispose]() {} }));
});
