import { statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { Command } from "commander";
import { ProgressBar } from "./progress-bar.ts";

/** What is copied between two looks at the progress: 4 MiB. */
const pagesInStep = 1_024;

const command = new Command("npm run backup --")
  .description("Copies the database of a data directory to a file, while a server runs or not, and checks the copy.")
  .argument("<file>", "where the copy goes; there must be nothing yet")
  .option("--data <dir>", "the data directory", process.env.BOURSE_DATA || "./data")
  .option("--force", "write over what is there")
  .option("--quiet", "show no progress")
  .parse();
const { data, force, quiet } = command.opts<{ data: string; force?: true; quiet?: true }>();
const file = command.args[0] ?? "";
const partial = `${file}.partial`;

try {
  await copy(join(data, "bourse.sqlite"), partial);
  refuseDamaged(partial);
  if (force !== true) refuseExisting(file);
  await rename(partial, file);
  console.log(`${file} has the database as it was when the copy began`);
} catch (error) {
  await rm(partial, { force: true });
  console.error(`no backup was made: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function copy(source: string, target: string): Promise<void> {
  refuseSame(source, file);
  if (force !== true) refuseExisting(file);
  await rm(target, { force: true });
  // The database has the secret that signs resume tokens, and what clients have sent: only this user may read the copy.
  await (await open(target, "wx", 0o600)).close();
  using database = new DatabaseSync(source, { readOnly: true, timeout: 5_000 });
  // One snapshot from the first page to the last: without it, each write of the server would begin the copy anew.
  database.exec("begin");
  database.prepare("select count(*) from sqlite_master").get();
  using progress = new ProgressBar({ items: "pages", quiet: quiet === true });
  const pages = await backup(database, target, {
    rate: pagesInStep,
    progress: ({ totalPages, remainingPages }) => progress.update(totalPages - remainingPages, totalPages),
  });
  progress.update(pages, pages);
  database.exec("commit");
}

function refuseDamaged(path: string): void {
  using database = new DatabaseSync(path);
  // A copy in this mode is one file, whole by itself.
  database.exec("pragma journal_mode = delete");
  const [verdict] = Object.values(database.prepare("pragma quick_check(1)").get() ?? {});
  if (verdict !== "ok") throw new Error(`the copy is damaged: ${verdict}`);
}

/** A server would go on writing to a database that has no name any more. */
function refuseSame(source: string, path: string): void {
  const [database, there] = [source, path].map((each) => statSync(each, { throwIfNoEntry: false }));
  if (there === undefined || there.dev !== database?.dev || there.ino !== database.ino) return;
  throw new Error(`${path} is the database itself: choose another file`);
}

function refuseExisting(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw new Error(`there is ${path} already: choose another file, or --force to write over it`);
  }
}
