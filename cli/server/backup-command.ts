import { existsSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
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

/** `bourse backup`: copies the database. */
export function backupCommand(): BourseCommand {
  return localCommand("backup", {
    description:
      "Copies the database of a data directory to a file, and checks the copy. The server may be running. The copy has no files of uploads: copy the folder uploads of the data directory too, after the database.",
    examples: [
      ["bourse backup /backups/bourse.sqlite", "the database of ./data"],
      ["bourse backup /backups/bourse.sqlite --data /var/lib/bourse --force --quiet", "for a scheduled job"],
    ],
    exitCodes: { 0: "the copy is complete and correct" },
  })
    .argument("<file>", "path of the copy; it must not exist")
    .addOption(dataOption())
    .option("--force", "replace an existing file")
    .action(runCommand<Options>(backUp));
}

async function backUp({ args, options, signal, print }: CommandContext<Options>): Promise<void> {
  const { data, force, quiet, json } = options;
  const [file = ""] = args;
  const partial = `${file}.partial`;
  try {
    const source = join(data, databaseFileName);
    if (!existsSync(source)) throw new Error(`${data} contains no database: --data names the data directory`);
    refuseSame(source, file);
    if (force !== true) refuseExisting(file);
    {
      using progress = new ProgressBar({ items: "pages", quiet: quiet === true || json === true });
      await copyDatabase(source, partial, { signal, onProgress: (pages, total) => progress.update(pages, total) });
    }
    refuseDamagedCopy(partial);
    if (force !== true) refuseExisting(file);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    if (signal.aborted) throw error;
    throw new Error(`the backup has failed: ${(error as Error).message}`);
  }
  const line = `${file} contains the database as it was when the copy started`;
  await print(json ? JSON.stringify({ file, bytes: statSync(file).size }) : line);
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
