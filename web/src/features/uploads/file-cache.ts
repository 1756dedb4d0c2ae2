import { createStore, del, get, keys, set, type UseStore, values } from "idb-keyval";

/** The largest file to cache, in bytes: copying a larger one would take too long. */
export const maxCachedFileBytes = 32_000_000;

/** The maximum size of all cached files, in bytes. */
const maxCachedBytes = 128_000_000;

/** Stores copies of files, to resume uploads after a reload of the page. No method rejects. */
export interface FileCache {
  /** Stores a file, unless it is too large or the browser refuses. */
  put(uploadId: string, file: File): Promise<void>;
  /** Resolves to a stored file, or to undefined if it is not in the cache. */
  get(uploadId: string): Promise<File | undefined>;
  delete(uploadId: string): Promise<void>;
  /** Resolves to the ids of the uploads whose files are stored. */
  ids(): Promise<readonly string[]>;
}

/**
 * A cache in IndexedDB. It preserves the name, the size and the time of the last change of a file. If the browser stores
 * nothing, as in some private modes, the user must choose the file again.
 */
export function createFileCache(): FileCache {
  let opened: UseStore | undefined;
  const store = () => {
    opened ??= createStore("bourse-uploads", "files");
    return opened;
  };
  return {
    async put(id, file) {
      if (file.size > maxCachedFileBytes) return;
      try {
        const cached = await values<File>(store());
        if (cached.reduce((sum, { size }) => sum + size, file.size) <= maxCachedBytes) await set(id, file, store());
      } catch {}
    },
    async get(id) {
      try {
        return await get<File>(id, store());
      } catch {
        return undefined;
      }
    },
    async delete(id) {
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
