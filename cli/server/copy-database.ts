import { open, rm } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";

/** The pages that are copied between two updates of the progress: 4 MiB. */
const pagesPerStep = 1_024;

export interface CopyOptions {
  /** Stops the copy. */
  readonly signal: AbortSignal;
  /** Receives the number of copied pages, and of all pages. */
  readonly onProgress: (pages: number, total: number) => void;
}

/**
 * Copies a database, which a server may use, as one snapshot. Replaces the target. The copy is not synced, and it is
 * complete without a WAL file.
 */
export async function copyDatabase(source: string, target: string, options: CopyOptions): Promise<void> {
  const { signal, onProgress } = options;
  await rm(target, { force: true });
  // The database has the key that signs resume tokens, and the data of clients: only the user may read the copy.
  await (await open(target, "wx", 0o600)).close();
  using database = new DatabaseSync(source, { readOnly: true, timeout: 5_000 });
  // In a transaction all pages are of one snapshot. Otherwise each write of the server restarts the copy:
  // https://www.sqlite.org/c3ref/backup_finish.html
  database.exec("begin");
  database.prepare("select count(*) from sqlite_master").get();
  const pages = await backup(database, target, {
    rate: pagesPerStep,
    progress: ({ totalPages, remainingPages }) => {
      signal.throwIfAborted();
      onProgress(totalPages - remainingPages, totalPages);
    },
  });
  onProgress(pages, pages);
  database.exec("commit");
  signal.throwIfAborted();
}

/** Throws an error if a copy of a database is damaged. Makes it complete without a WAL file. */
export function refuseDamagedCopy(path: string): void {
  using database = new DatabaseSync(path);
  database.exec("pragma journal_mode = delete");
  const [verdict] = Object.values(database.prepare("pragma quick_check(1)").get() ?? {});
  if (verdict !== "ok") throw new Error(`the copy is damaged: ${verdict}`);
}
