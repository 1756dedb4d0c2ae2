/**
 * The file system operations that uploads need. The interface is small, so that tests can simulate a disk that loses
 * unsynced data.
 *
 * Paths are relative to one root folder and use `/`. Symbolic links are never followed. Errors are those of `node:fs`,
 * with their `code`.
 */
export interface Disk {
  /** Creates a folder and its parents if they are missing. */
  makeFolder(path: string): Promise<void>;
  /** Resolves to the names in a folder, except those of folders. */
  list(folder: string): Promise<string[]>;
  /** Resolves to the size of a regular file in bytes; undefined if there is none with this path. */
  sizeOf(path: string): Promise<number | undefined>;
  /** Creates an empty file to read and write. Rejects with EEXIST if the path exists. */
  create(path: string): Promise<DiskFile>;
  /** Opens a file. Rejects with ENOENT if there is none, and with ELOOP if it is a symbolic link. */
  open(path: string, access: "read" | "write"): Promise<DiskFile>;
  /** Moves a file and replaces the file at the new path. The move is durable after both folders are synced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a symbolic link if it exists. */
  remove(path: string): Promise<void>;
  /** Resolves when all earlier creations, moves and removals in a folder are durable. */
  syncFolder(path: string): Promise<void>;
}

/** An open file. */
export interface DiskFile extends AsyncDisposable {
  /** Writes the parts in order, the first one at `position`. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  /** Fills `target` from `position` on. Resolves to the number of bytes read, which is smaller at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Resolves when the written bytes, and the size needed to read them, are durable (fdatasync). */
  syncData(): Promise<void>;
  /** Resolves when the written bytes and all metadata of the file are durable (fsync). */
  sync(): Promise<void>;
}
