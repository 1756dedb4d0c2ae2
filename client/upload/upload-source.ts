/**
 * A file to upload. It must not change while it is uploaded: if it does, `slice` rejects with a
 * {@link FileChangedError}, or `isUnchanged` resolves to false.
 */
export interface UploadSource {
  /** The name for display. May be empty. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The time of the last change, in milliseconds since 1970. */
  readonly lastModified: number;
  /**
   * Reads the bytes from offset `from` up to, but not including, offset `to`. The caller owns the array. Two reads may run
   * at the same time.
   */
  slice(from: number, to: number): Promise<Uint8Array>;
  /** Whether size and time of the last change are the same as at first. Absent if `slice` detects changes. */
  isUnchanged?(): Promise<boolean>;
}

/** The file is not the one that the upload was started with. */
export class FileChangedError extends Error {
  /** @param difference with the numbers, as in `it has 11 bytes, and had 10` */
  constructor(difference: string) {
    super(`the file has changed: ${difference}`);
    this.name = "FileChangedError";
  }
}

/** Reads bytes of a source. Throws a {@link FileChangedError} if there are fewer. */
export async function readSlice(source: UploadSource, from: number, to: number): Promise<Uint8Array> {
  const data = await source.slice(from, to);
  if (data.length === to - from) return data;
  throw new FileChangedError(`it has ${data.length} bytes from offset ${from}, and had ${to - from}`);
}

/** A source that reads a Blob, for example a file that the user of a page has chosen. */
export function blobSource(blob: Blob & { readonly name?: string; readonly lastModified?: number }): UploadSource {
  const { size, name = "", lastModified = 0 } = blob;
  return {
    name,
    size,
    lastModified,
    async slice(from, to) {
      try {
        return new Uint8Array(await blob.slice(from, to).arrayBuffer());
      } catch (reason) {
        // Browsers reject reads of a changed file: https://w3c.github.io/FileAPI/#dfn-error-codes
        throw new FileChangedError(reason instanceof Error ? reason.message : String(reason));
      }
    },
  };
}

/** The part of Node's `FileHandle` that a source uses. */
export interface ReadableHandle {
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number; readonly mtimeMs: number }>;
}

/** A source that reads an open file of Node. The caller closes the handle after the upload. */
export async function fileHandleSource(handle: ReadableHandle, name: string): Promise<UploadSource> {
  const { size, mtimeMs } = await handle.stat();
  return {
    name,
    size,
    lastModified: mtimeMs,
    async slice(from, to) {
      const bytes = new Uint8Array(to - from);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled);
        if (bytesRead === 0) throw new FileChangedError(`it ends after ${from + filled} bytes, and had ${size}`);
        filled += bytesRead;
      }
      return bytes;
    },
    async isUnchanged() {
      const now = await handle.stat();
      return now.size === size && now.mtimeMs === mtimeMs;
    },
  };
}
