import { FileChangedError, type UploadSource } from "./upload-source.ts";

/** What is needed of Node's `FileHandle`. */
export interface ReadableHandle {
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number; readonly mtimeMs: number }>;
}

/** An open file of Node. Its owner closes it, when the upload is over. */
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
