import { createCRC32 } from "hash-wasm";

/** Counts the CRC32C of some bytes. */
export type Crc32c = (bytes: Uint8Array) => number;

/** The polynomial of Castagnoli, bits reversed. */
const castagnoli = 0x82f63b78;

/** Makes a function that counts CRC32C, in WebAssembly. */
export async function newCrc32c(): Promise<Crc32c> {
  const hash = await createCRC32(castagnoli);
  return (bytes) => {
    const digest = hash.init().update(bytes).digest("binary");
    return new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getUint32(0);
  };
}
