import { systemClock } from "../../../client/shared/micro-time.ts";
import { systemTimers } from "../../../client/shared/timers.ts";
import type { Database } from "../../../server/storage/sqlite/database.ts";
import { composeUploads } from "../../../server/upload/compose-uploads.ts";
import { NodeDisk } from "../../../server/upload/file/node-disk.ts";
import { ThreadHasher } from "../../../server/upload/hash/thread-hasher.ts";
import { detectFileType } from "../../../server/upload/image/detect-file-type.ts";
import { SqliteUploadStore } from "../../../server/upload/store/sqlite-upload-store.ts";
import type { UploadTables } from "../../../server/upload/store/upload-tables.ts";

const gibibyte = 2 ** 30;

/** The uploads of Bourse on a disk. */
export async function openUploadStore({ tables, health }: Database<UploadTables>, folder: string) {
  const { uploads } = await composeUploads({
    disk: new NodeDisk(folder),
    store: new SqliteUploadStore(tables),
    hasher: new ThreadHasher(folder),
    detectType: detectFileType,
    settings: { maxFileBytes: 4 * gibibyte, maxTotalBytes: 16 * gibibyte, maxOpenUploads: 100, expiryMs: 3_600_000 },
    timers: systemTimers,
    nowMicros: systemClock(),
    productExists: async () => false,
    health,
  });
  return uploads;
}
