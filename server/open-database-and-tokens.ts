import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { ResumeTokens, resumeKeyBytes } from "./shared/resume-token.ts";
import { isShared } from "./storage/private-file-permissions.ts";
import { type Database, openDatabase } from "./storage/sqlite/database.ts";
import type { Migrations } from "./storage/sqlite/migration-runner.ts";
import { serverSecret } from "./storage/sqlite/server-secret.ts";

export interface StorageOptions {
  readonly directory: string;
  /** The maximum size of the database in bytes; 0: unlimited. */
  readonly maxBytes: number;
  /** The migrations of each family. */
  readonly migrations: readonly Migrations[];
  readonly log: Logger;
}

/** The open storage. Disposing of it closes the database and unlocks the data directory. */
export interface Storage<Tables> extends AsyncDisposable {
  readonly database: Database<Tables>;
  /** Signs resume tokens with a key that is stored in the database, so that they stay valid after a restart. */
  readonly tokens: ResumeTokens;
}

/** Opens the database of the data directory. Rejects as `openDatabase` does. */
export async function openDatabaseAndTokens<Tables>(options: StorageOptions): Promise<Storage<Tables>> {
  const { directory, maxBytes, migrations, log } = options;
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await openDatabase<Tables>(directory, { migrations, maxBytes }));
  if (isShared(directory)) {
    log.warn({ data: directory }, "other users can list the data directory: chmod 700 keeps them out");
  }
  const key = await serverSecret(database.tables, "resume-tokens", () => randomBytes(resumeKeyBytes));
  const resources = opened.move();
  return { database, tokens: new ResumeTokens(key), [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
