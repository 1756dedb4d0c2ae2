import { statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { lockDataDirectory } from "../../server/storage/data-directory-lock.ts";
import { databaseFileName } from "../../server/storage/sqlite/database.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type CommonOptions, localCommand } from "../shared/common-options.ts";
import { ProgressBar } from "../shared/progress-bar.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { copyDatabase, refuseDamagedCopy } from "./copy-database.ts";
import { dataOption } from "./data-option.ts";

interface Options extends CommonOptions {
  readonly data: string;
  readonly force?: true;
}

/** `bourse restore`: replaces the database of a data directory by a backup. */
export function restoreCommand(): BourseCommand {
  return localCommand("restore", {
    description:
      "Replaces the database of a data directory by a backup, and checks it. No server may be using the directory. The " +
      "next start of the server deletes the files of uploads that the backup does not know.",
    examples: [
      ["bourse restore /backups/bourse.sqlite", "into ./data, which has no database"],
      ["bourse restore /backups/bourse.sqlite --data /var/lib/bourse --force", "replaces the database"],
    ],
    exitCodes: { 0: "the database is restored and correct", 1: "an error: the data directory is unchanged" },
  })
    .argument("<file>", "backup, as bourse backup writes it")
    .addOption(dataOption())
    .option("--force", "replace the database of the data directory")
    .action(runCommand<Options>(restore));
}

async function restore({ args, options, signal, print }: CommandContext<Options>): Promise<void> {
  const { data, force, quiet, json } = options;
  const [file = ""] = args;
  const target = join(data, databaseFileName);
  const draft = `${target}.restored`;
  try {
    refuseOther(file);
    using _lock = lockDataDirectory(data);
    if (force !== true) refuseExisting(target);
    try {
      {
        using progress = new ProgressBar({ items: "pages", quiet: quiet === true || json === true });
        await copyDatabase(file, draft, { signal, onProgress: (pages, total) => progress.update(pages, total) });
      }
      refuseDamagedCopy(draft);
      await sync(draft);
      signal.throwIfAborted();
      await replaceDatabase(target, draft);
      await sync(data);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(`the restore has failed: ${(error as Error).message}`);
  }
  await print(
    json ? JSON.stringify({ file, data, bytes: statSync(target).size }) : `${data} has the database of ${file}`,
  );
}

/** Throws an error if a file is not a backup. */
function refuseOther(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`there is no file ${file}`);
  if (!stats.isFile()) throw new Error(`${file} is no regular file, so it is not a backup`);
  let problem = "it is not a database of Bourse";
  try {
    using database = new DatabaseSync(file, { readOnly: true });
    const hasMigrations = database.prepare("select 1 from sqlite_master where name = 'kysely_migration'").get();
    if (hasMigrations !== undefined) return;
  } catch (error) {
    problem = (error as Error).message;
  }
  throw new Error(`${file} is not a backup: ${problem}`);
}

function refuseExisting(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw new Error(`${path} exists: choose another directory with --data, or replace the database with --force`);
  }
}

/** SQLite would apply a WAL of the replaced database to the new one, so it is removed first. */
async function replaceDatabase(target: string, draft: string): Promise<void> {
  emptyLog(target);
  for (const suffix of ["-wal", "-shm"]) await rm(target + suffix, { force: true });
  await rename(draft, target);
}

/** Moves the WAL into the old database, which stays complete if the process ends before the rename. */
function emptyLog(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return;
  try {
    using database = new DatabaseSync(path, { timeout: 0 });
    database.exec("pragma wal_checkpoint(truncate)");
  } catch {
    // A damaged database is a reason for a restore.
  }
}

/** Syncs a file or a directory to the disk. */
async function sync(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}
