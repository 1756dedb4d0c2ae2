import type { DiskFile } from "../file/disk.ts";

/** Where a file first has other bytes than `data` at `offset`; `undefined` where it has the same. */
export async function firstDifference(file: DiskFile, offset: number, data: Uint8Array): Promise<number | undefined> {
  const there = Buffer.allocUnsafe(data.byteLength);
  const length = await file.read(there, offset);
  if (length === data.byteLength && there.equals(data)) return undefined;
  return offset + there.findIndex((byte, index) => index >= length || byte !== data[index]);
}
