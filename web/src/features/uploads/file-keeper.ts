import { createStore, del, get, keys, set, type UseStore, values } from "idb-keyval";

/** The largest file that the browser keeps a copy of, in bytes: for larger ones the copy would take too long. */
export const maxKeptFileBytes = 32_000_000;

/** What it keeps of all files together, in bytes. */
const maxKeptBytes = 128_000_000;

/** Keeps copies of files over a reload. */
export interface FileKeeper {
  /** Keeps a file, unless it is too large, or the browser does not want to. */
  keep(id: string, file: File): Promise<void>;
  /** The file. Undefined where it was not kept. */
  get(id: string): Promise<File | undefined>;
  drop(id: string): Promise<void>;
  /** Whose files are kept. */
  ids(): Promise<readonly string[]>;
}

/**
 * Keeps small files in IndexedDB. The name, the size and the time of the last change stay with them.
 *
 * Nothing here rejects: where a browser keeps nothing, as in some private modes, its user has to choose the file again.
 */
export function indexedFileKeeper(): FileKeeper {
  let opened: UseStore | undefined;
  const store = () => {
    opened ??= createStore("bourse-uploads", "files");
    return opened;
  };
  return {
    async keep(id, file) {
      if (file.size > maxKeptFileBytes) return;
      try {
        const kept = await values<File>(store());
        if (kept.reduce((sum, { size }) => sum + size, file.size) <= maxKeptBytes) await set(id, file, store());
      } catch {}
    },
    async get(id) {
      try {
        return await get<File>(id, store());
      } catch {
        return undefined;
      }
    },
    async drop(id) {
      try {
        await del(id, store());
      } catch {}
    },
    async ids() {
      try {
        return await keys<string>(store());
      } catch {
        return [];
      }
    },
  };
}
