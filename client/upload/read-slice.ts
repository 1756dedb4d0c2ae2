import { FileChangedError, type UploadSource } from "./upload-source.ts";

/** Reads bytes of a source. Throws a {@link FileChangedError} where there are not as many. */
export async function readSlice(source: UploadSource, from: number, to: number): Promise<Uint8Array> {
  const data = await source.slice(from, to);
  if (data.length === to - from) return data;
  throw new FileChangedError(`it has ${data.length} bytes from ${from} on, and had ${to - from}`);
}
