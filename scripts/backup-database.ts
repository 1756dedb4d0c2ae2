import { statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { Command } from "commander";
import { ProgressBar } from "./shared/progress-bar.ts";
import { printError, printLine } from "./shared/terminal-output.ts";

/** The pages that are copied between two updates of the progress: 4 MiB. */
const pagesPerStep = 1_024;

const command = new Command("npm run backup --")
  .description("Copies the database of a data directory to a file, and checks the copy. The server may be running.")
  .argument("<file>", "path of the copy; it must not exist")
  .option("--data <dir>", "the data directory", process.env.BOURSE_DATA || "./data")
  .option("--force", "replace an existing file")
  .option("--quiet", "do not show progress")
  .parse();
const { data, force, quiet } = command.opts<{ data: string; force?: true; quiet?: true }>();
const file = command.args[0] ?? "";
const partial = `${file}.partial`;

try {
  await copy(join(data, "bourse.sqlite"), partial);
  refuseDamaged(partial);
  if (force !== true) refuseExisting(file);
  await rename(partial, file);
  printLine(`${file} contains the database as it was when the copy started`);
} catch (error) {
  await rm(partial, { force: true });
  printError(`the backup has failed: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function copy(source: string, target: string): Promise<void> {
  refuseSame(source, file);
  if (force !== true) refuseExisting(file);
  await rm(target, { force: true });
  // The database has the key that signs resume tokens, and the data of clients: only the user may read the copy.
  await (await open(target, "wx", 0o600)).close();
  using database = new DatabaseSync(source, { readOnly: true, timeout: 5_000 });
  // In a transaction all pages are of one snapshot. Otherwise each write of the server restarts the copy:
  // https://www.sqlite.org/c3ref/backup_finish.html
  database.exec("begin");
  database.prepare("select count(*) from sqlite_master").get();
  using progress = new ProgressBar({ items: "pages", quiet: quiet === true });
  const pages = await backup(database, target, {
    rate: pagesPerStep,
    progress: ({ totalPages, remainingPages }) => progress.update(totalPages - remainingPages, totalPages),
  });
  progress.update(pages, pages);
  database.exec("commit");
}

function refuseDamaged(path: string): void {
  using database = new DatabaseSync(path);
  // In this mode the copy is complete without a WAL file.
  database.exec("pragma journal_mode = delete");
  const [verdict] = Object.values(database.prepare("pragma quick_check(1)").get() ?? {});
  if (verdict !== "ok") throw new Error(`the copy is damaged: ${verdict}`);
}

/** Replacing the database itself would leave the running server with a deleted file. */
function refuseSame(source: string, path: string): void {
  const [database, existing] = [source, path].map((each) => statSync(each, { throwIfNoEntry: false }));
  if (existing === undefined || existing.dev !== database?.dev || existing.ino !== database.ino) return;
  throw new Error(`${path} is the database itself: choose another file`);
}

function refuseExisting(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw new Error(`${path} exists: choose another file, or replace it with --force`);
  }
}
