import { constants, lstatSync } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { DataDirectoryError } from "../../storage/storage-errors.ts";
import type { Disk, DiskFile } from "./disk-operations.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_DIRECTORY } = constants;

/** Only the user of the server may read uploaded files. */
const [fileMode, folderMode] = [0o600, 0o700];

/** The file system of the machine, below one root folder. */
export class NodeDisk implements Disk {
  readonly #root: string;

  /** @param root the absolute path of the root folder */
  constructor(root: string) {
    this.#root = root;
  }

  /** Throws a {@link DataDirectoryError} if the path or one of its parents is a symbolic link or a file. */
  async makeFolder(path: string): Promise<void> {
    let folder = this.#root;
    for (const part of ["", ...path.split("/")]) {
      folder = join(folder, part);
      await mkdir(folder, { mode: folderMode, recursive: part === "" }).catch((error) => {
        if (error.code !== "EEXIST") throw error;
      });
      // The root itself may be a symbolic link, which the operator has chosen.
      if (part === "" || lstatSync(folder).isDirectory()) continue;
      throw new DataDirectoryError(`${folder} is not a folder`, "remove it, or choose another directory with --data");
    }
  }

  async list(folder: string): Promise<string[]> {
    const entries = await readdir(this.#at(folder), { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  }

  async sizeOf(path: string): Promise<number | undefined> {
    try {
      const found = await lstat(this.#at(path));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async create(path: string): Promise<DiskFile> {
    return new NodeDiskFile(await open(this.#at(path), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, fileMode));
  }

  async open(path: string, access: "read" | "write"): Promise<DiskFile> {
    return new NodeDiskFile(await open(this.#at(path), (access === "read" ? O_RDONLY : O_RDWR) | O_NOFOLLOW));
  }

  rename(from: string, to: string): Promise<void> {
    return rename(this.#at(from), this.#at(to));
  }

  async remove(path: string): Promise<void> {
    await unlink(this.#at(path)).catch((error) => {
      if (codeOf(error) !== "ENOENT") throw error;
    });
  }

  async syncFolder(path: string): Promise<void> {
    await using folder = await open(this.#at(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    await folder.sync();
  }

  #at(path: string): string {
    return join(this.#root, path);
  }
}

/** The maximum number of parts of one write: IOV_MAX of Linux (https://man7.org/linux/man-pages/man2/writev.2.html). */
const maxWriteParts = 1024;

/**
 * The maximum size of one write, in bytes. For larger writes Linux allocates larger pages in its cache. In a virtual
 * machine whose host has reclaimed that memory, the allocation can cost ten times as much as the write.
 */
const maxWriteBytes = 128 * 1024;

class NodeDiskFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    let rest = parts.filter((part) => part.byteLength > 0);
    let at = position;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(headOf(rest), at);
      at += bytesWritten;
      rest = dropBytes(rest, bytesWritten);
    }
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.byteLength) {
      const left = target.byteLength - filled;
      const { bytesRead } = await this.#handle.read(target, filled, left, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  syncData(): Promise<void> {
    return this.#handle.datasync();
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

/** Returns the bytes of the next write. */
function headOf(parts: readonly Uint8Array[]): Uint8Array[] {
  let left = maxWriteBytes;
  const first: Uint8Array[] = [];
  for (const part of parts) {
    if (left === 0 || first.length === maxWriteParts) break;
    const taken = part.byteLength <= left ? part : part.subarray(0, left);
    first.push(taken);
    left -= taken.byteLength;
  }
  return first;
}

/** Returns the parts without their first `written` bytes: the kernel may write fewer bytes than requested. */
function dropBytes(parts: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  return parts.flatMap((part) => {
    const taken = Math.min(left, part.byteLength);
    left -= taken;
    return taken === part.byteLength ? [] : [part.subarray(taken)];
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
