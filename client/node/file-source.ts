import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { fileHandleSource, type UploadSource } from "../upload/upload-source.ts";

/** An open file as the source of an upload. Disposing of it closes the file. */
export interface FileSource extends UploadSource, AsyncDisposable {}

/** The path is a directory, a pipe or a device, which cannot be read again after a failure. */
export class NotAFileError extends Error {
  override name = "NotAFileError";
  readonly path: string;

  constructor(path: string) {
    super(`${path} is not a file: only files can be uploaded, because they can be read again after a failure`);
    this.path = path;
  }
}

/**
 * Opens a file to upload it, under the last part of its path as its name. Dispose of the source after the upload.
 *
 * Rejects with a {@link NotAFileError} if the path is a directory, a pipe or a device, and with the error of Node if the
 * file cannot be opened.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  if (!(await stat(path)).isFile()) throw new NotAFileError(path); // opening a pipe would wait for its writer
  const handle = await open(path);
  try {
    return { ...(await fileHandleSource(handle, basename(path))), [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
