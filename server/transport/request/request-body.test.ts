import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { copyBufferedChunks } from "./request-body.ts";

test("a buffered byte does not keep the whole read buffer in memory", () => {
  const stream = new Readable({ read() {} });
  copyBufferedChunks(stream);
  for (let count = 0; count < 100; count++) stream.push(Buffer.alloc(64 * 1024, count).subarray(5, 6));
  const buffers = new Set(chunksOf(stream).map(({ buffer }) => buffer));
  const keptBytes = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(keptBytes).toBeLessThan(300);
  expect(Buffer.concat(chunksOf(stream))).toEqual(Buffer.from(Array.from({ length: 100 }, (_, count) => count)));
});

test("large chunks are not copied", () => {
  const stream = new Readable({ read() {} });
  copyBufferedChunks(stream);
  const large = Buffer.alloc(64 * 1024);
  stream.push(large);
  expect(chunksOf(stream)).toEqual([large]);
  expect(chunksOf(stream)[0]?.buffer).toBe(large.buffer);
  stream.push(null);
});

function chunksOf(stream: Readable): Uint8Array[] {
  return [...(stream as Readable & { readonly readableBuffer: Iterable<Uint8Array> }).readableBuffer];
}
