import { type BigIntStats, existsSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Timers } from "../../client/shared/timers.ts";
import { DataDirectoryError } from "./data-directory-error.ts";
import { lockFileName } from "./data-directory-lock.ts";
import { databaseFileName } from "./sqlite/database.ts";
import type { StoreHealth } from "./store-health.ts";

/** How often it is looked, in milliseconds: so long may be acknowledged what goes to files that have no name any more. */
export const watchIntervalMs = 2_000;

export interface DataDirectoryWatchOptions {
  readonly directory: string;
  /** Further folders that are written to, with their paths in the directory. */
  readonly folders: readonly string[];
  readonly health: StoreHealth;
  readonly timers: Timers;
}

/**
 * Makes the store read-only if what it writes to goes away under it: the database, its log or the lock is removed or
 * replaced, or a folder is removed or another file system is mounted over it. The server has these files open, so writes
 * would succeed, be acknowledged, and be gone at the next start; without its lock, a second server could start.
 *
 * What is missing when the watch begins is not watched. Disposing of it ends it.
 */
export function watchDataDirectory({ directory, folders, health, timers }: DataDirectoryWatchOptions): AsyncDisposable {
  const watched = [
    ...[databaseFileName, `${databaseFileName}-wal`, lockFileName].map((name) => watch(join(directory, name), "file")),
    ...["", ...folders].map((name) => watch(join(directory, name), "folder")),
  ].filter((each) => each !== undefined);
  let stop: (() => void) | undefined;
  let looking: Promise<void> = Promise.resolve();
  const look = async () => {
    for (const each of watched) {
      const problem = await problemOf(each);
      if (problem !== undefined) health.fail(problem);
    }
  };
  const lookLater = () => {
    stop = timers.after(watchIntervalMs, () => {
      looking = look().finally(() => {
        if (stop !== undefined && !health.isReadOnly) lookLater();
      });
    });
  };
  lookLater();
  return {
    async [Symbol.asyncDispose]() {
      stop?.();
      stop = undefined;
      await looking;
    },
  };
}

interface Watched {
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly was: BigIntStats;
}

function watch(path: string, kind: "file" | "folder"): Watched | undefined {
  if (!existsSync(path)) return undefined;
  return { path, kind, was: statSync(path, { bigint: true }) };
}

async function problemOf({ path, kind, was }: Watched): Promise<Error | undefined> {
  const advice = "stop the server, put the data directory right, and start again";
  try {
    const now = await stat(path, { bigint: true });
    // Some file systems number a folder anew when nobody has it open; a file that is open keeps its number.
    if (now.dev === was.dev && (kind === "folder" ? now.isDirectory() : now.ino === was.ino)) return undefined;
    return new DataDirectoryError(`${path} was replaced while the server runs`, advice);
  } catch (error) {
    return new DataDirectoryError(`${path} was removed while the server runs`, advice, error);
  }
}
