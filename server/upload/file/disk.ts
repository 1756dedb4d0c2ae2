/**
 * The part of a file system that uploads need: small, so that a test can have one that forgets what was not synced.
 *
 * Paths are relative to one folder, with `/` between their parts. Symbolic links are never followed. Errors are those of
 * `node:fs`, with their `code`.
 */
export interface Disk {
  /** Makes a folder, and those above it, where they are missing. */
  makeFolder(path: string): Promise<void>;
  /** The names of what is in a folder, but for folders: those are none of ours. */
  list(folder: string): Promise<string[]>;
  /** How many bytes a regular file has; `undefined` where there is none of that name, or it is something else. */
  sizeOf(path: string): Promise<number | undefined>;
  /** Makes a new file, empty, to read and write. Rejects with EEXIST where the name is taken. */
  create(path: string): Promise<DiskFile>;
  /** Opens a file. Rejects with ENOENT where there is none, with ELOOP where it is a symbolic link. */
  open(path: string, access: "read" | "write"): Promise<DiskFile>;
  /** Moves a file; what had the new name is replaced. Both folders are to be synced after it. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a symbolic link. Nothing happens where there is none. */
  remove(path: string): Promise<void>;
  /** Resolves when what was made, moved and removed in a folder is safe. */
  syncFolder(path: string): Promise<void>;
}

/** An open file. */
export interface DiskFile extends AsyncDisposable {
  /** Writes all parts one behind the other, the first at `position`. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  /** Fills `target` from `position` on; resolves to how many bytes there were. */
  read(target: Uint8Array, position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Resolves when the bytes are safe, and the size that is needed to read them. */
  syncData(): Promise<void>;
  /** Resolves when the bytes and all that the file system knows of the file are safe. */
  sync(): Promise<void>;
}
