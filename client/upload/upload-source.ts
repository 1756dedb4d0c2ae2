/**
 * A file to upload. It promises to stay as it is: where it does not, `slice` rejects with a {@link FileChangedError} or
 * `isUnchanged` tells.
 */
export interface UploadSource {
  /** What the file is called, for people. Empty: it has no name. */
  readonly name: string;
  /** How many bytes it has. */
  readonly size: number;
  /** When it was last changed, in milliseconds since 1970. */
  readonly lastModified: number;
  /** Reads the bytes from one place up to another, all of them: the caller owns the array. May run twice at a time. */
  slice(from: number, to: number): Promise<Uint8Array>;
  /** Whether size and last change are still what they were. Absent: `slice` notices it. */
  isUnchanged?(): Promise<boolean>;
}

/** The file is no longer the one that the upload was started with. */
export class FileChangedError extends Error {
  /** @param what what is different, with the numbers */
  constructor(what: string) {
    super(`the file has changed: ${what}`);
    this.name = "FileChangedError";
  }
}

/** A file that a page was given, or any other Blob. */
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
        throw new FileChangedError(reason instanceof Error ? reason.message : String(reason)); // as browsers notice it
      }
    },
  };
}
