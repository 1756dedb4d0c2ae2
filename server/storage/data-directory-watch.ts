import { type BigIntStats, existsSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Timers } from "../../client/shared/timers.ts";
import { lockFileName } from "./data-directory-lock.ts";
import { databaseFileName } from "./sqlite/database.ts";
import { DataDirectoryError } from "./storage-errors.ts";
import type { StoreHealth } from "./store-health.ts";

/** The interval of the checks, in milliseconds. For that long, writes to removed files may be acknowledged. */
export const watchIntervalMs = 2_000;

export interface DataDirectoryWatchOptions {
  readonly directory: string;
  /** The paths of further folders to watch, relative to the directory. */
  readonly folders: readonly string[];
  readonly health: StoreHealth;
  readonly timers: Timers;
}

/**
 * Makes the store read-only if the database, its write-ahead log or the lock is removed or replaced, or if a folder is
 * removed or covered by a mount. The server has these files open: writes would succeed, be acknowledged, and be lost at the
 * next start; without the lock, a second server could start.
 *
 * Files and folders that are missing at the start are not watched. Disposing of it ends the watch.
 */
export function watchDataDirectory({ directory, folders, health, timers }: DataDirectoryWatchOptions): AsyncDisposable {
  const watched = [
    ...[databaseFileName, `${databaseFileName}-wal`, lockFileName].map((name) => watch(join(directory, name), "file")),
    ...["", ...folders].map((name) => watch(join(directory, name), "folder")),
  ].filter((each) => each !== undefined);
  let stop: (() => void) | undefined;
  let checking: Promise<void> = Promise.resolve();
  const check = async () => {
    for (const each of watched) {
      const problem = await problemOf(each);
      if (problem !== undefined) health.fail(problem);
    }
  };
  const checkLater = () => {
    stop = timers.after(watchIntervalMs, () => {
      checking = check().finally(() => {
        if (stop !== undefined && !health.isReadOnly) checkLater();
      });
    });
  };
  checkLater();
  return {
    async [Symbol.asyncDispose]() {
      stop?.();
      stop = undefined;
      await checking;
    },
  };
}

interface Watched {
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly initial: BigIntStats;
}

function watch(path: string, kind: "file" | "folder"): Watched | undefined {
  if (!existsSync(path)) return undefined;
  return { path, kind, initial: statSync(path, { bigint: true }) };
}

async function problemOf({ path, kind, initial }: Watched): Promise<Error | undefined> {
  const advice = "stop the server, restore the data directory, then start the server";
  try {
    const now = await stat(path, { bigint: true });
    // Some file systems change the inode number of a folder that is not open; an open file keeps its number.
    if (now.dev === initial.dev && (kind === "folder" ? now.isDirectory() : now.ino === initial.ino)) return undefined;
    return new DataDirectoryError(`${path} was replaced while the server runs`, advice);
  } catch (error) {
    return new DataDirectoryError(`${path} was removed while the server runs`, advice, error);
  }
}
