import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseMemo, type UploadMemo } from "../client/upload/upload-memo.ts";

/** What is not gone on with for so long is forgotten, in milliseconds: servers have given it up by then. */
const keptMs = 90 * 24 * 60 * 60 * 1000;

/** What makes two runs of a script the same upload. */
export interface UploadKey {
  /** The server's address. */
  readonly server: string;
  /** The file, absolute, links resolved. */
  readonly path: string;
  readonly size: number;
  /** When it was last changed, in milliseconds since 1970. */
  readonly mtimeMs: number;
  /** The product, or empty. */
  readonly productId: string;
}

/** Where scripts remember what they have begun: `$XDG_STATE_HOME/bourse`, by default `~/.local/state/bourse`. */
export function stateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: home } = environment;
  return join(home?.startsWith("/") ? home : join(homedir(), ".local", "state"), "bourse");
}

/** Remembers uploads that are not complete, a small file each, which only its user can read. */
export class UploadStates {
  readonly #folder: string;

  /** @param folder is made when something is remembered */
  constructor(folder: string) {
    this.#folder = join(folder, "uploads");
  }

  /** The upload that was begun before. Undefined where there is none, or what is there cannot be read. */
  async recall(key: UploadKey): Promise<UploadMemo | undefined> {
    try {
      return parseMemo(JSON.parse(await readFile(this.#pathOf(key), "utf8")).memo);
    } catch {
      return undefined;
    }
  }

  /** Remembers an upload. What is half written takes no one's place. */
  async remember(key: UploadKey, memo: UploadMemo): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const draft = join(this.#folder, `${randomUUID()}.draft`);
    await writeFile(draft, `${JSON.stringify({ server: key.server, path: key.path, memo })}\n`, { mode: 0o600 });
    await rename(draft, this.#pathOf(key));
  }

  async forget(key: UploadKey): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  /** Forgets what is too old to go on with. */
  async tidy(now: number): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const path = join(this.#folder, name);
      const written = await stat(path).catch(() => undefined);
      if (written !== undefined && written.mtimeMs < now - keptMs) await rm(path, { force: true });
    }
  }

  #pathOf({ server, path, size, mtimeMs, productId }: UploadKey): string {
    const hash = createHash("sha256").update(JSON.stringify([server, path, size, mtimeMs, productId]));
    return join(this.#folder, `${hash.digest("hex").slice(0, 32)}.json`);
  }
}
