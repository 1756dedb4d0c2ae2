import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseMemo, type UploadMemo } from "../../client/upload/upload-memo.ts";

/** The lifetime of a memo, in milliseconds. By then the upload has expired on the server. */
const lifetimeMs = 90 * 24 * 60 * 60 * 1000;

/** Identifies an upload: two runs of the command with an equal key continue the same upload. */
export interface UploadKey {
  /** The address of the server. */
  readonly server: string;
  /** The absolute path of the file, without symbolic links. */
  readonly path: string;
  readonly size: number;
  /** The time of the last change, in milliseconds since 1970. */
  readonly mtimeMs: number;
  /** The product, or empty. */
  readonly productId: string;
}

/** The state directory of the command: `$XDG_STATE_HOME/bourse`, by default `~/.local/state/bourse`. */
export function stateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  // A relative path is ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const { XDG_STATE_HOME: home } = environment;
  return join(home?.startsWith("/") ? home : join(homedir(), ".local", "state"), "bourse");
}

/** Stores the memos of incomplete uploads: a small file for each, which only the user can read. */
export class UploadMemoStore {
  readonly #folder: string;

  /** @param folder the state directory; it is created when the first memo is stored */
  constructor(folder: string) {
    this.#folder = join(folder, "uploads");
  }

  /** The memo of an upload. Undefined if there is none, or if it cannot be read. */
  async get(key: UploadKey): Promise<UploadMemo | undefined> {
    try {
      return parseMemo(JSON.parse(await readFile(this.#pathOf(key), "utf8")).memo);
    } catch {
      return undefined;
    }
  }

  /** Stores a memo atomically. */
  async put(key: UploadKey, memo: UploadMemo): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const draft = join(this.#folder, `${randomUUID()}.draft`);
    await writeFile(draft, `${JSON.stringify({ server: key.server, path: key.path, memo })}\n`, { mode: 0o600 });
    await rename(draft, this.#pathOf(key));
  }

  async delete(key: UploadKey): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  /** Deletes the memos that are older than 90 days. */
  async deleteExpired(now: number): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const path = join(this.#folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats !== undefined && stats.mtimeMs < now - lifetimeMs) await rm(path, { force: true });
    }
  }

  #pathOf({ server, path, size, mtimeMs, productId }: UploadKey): string {
    const hash = createHash("sha256").update(JSON.stringify([server, path, size, mtimeMs, productId]));
    return join(this.#folder, `${hash.digest("hex").slice(0, 32)}.json`);
  }
}
