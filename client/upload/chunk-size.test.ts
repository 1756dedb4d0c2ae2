import { expect, test } from "vitest";
import { ChunkSize, smallestChunkBytes } from "./chunk-size.ts";

test("chunks become smaller with each loss, down to a least size, and larger again on a steady line", () => {
  const size = new ChunkSize(512 * 1024);
  expect(size.bytes).toBe(512 * 1024);
  size.lost();
  expect(size.bytes).toBe(256 * 1024);
  for (let loss = 0; loss < 10; loss++) size.lost();
  expect(size.bytes).toBe(smallestChunkBytes);
  for (let chunk = 0; chunk < 3; chunk++) size.arrived(100);
  expect(size.bytes).toBe(smallestChunkBytes);
  size.arrived(100);
  expect(size.bytes).toBe(2 * smallestChunkBytes);
  for (let chunk = 0; chunk < 100; chunk++) size.arrived(100);
  expect(size.bytes).toBe(512 * 1024);
});

test("chunks that take long do not grow", () => {
  const size = new ChunkSize(512 * 1024);
  size.lost();
  for (let chunk = 0; chunk < 100; chunk++) size.arrived(6_000);
  expect(size.bytes).toBe(256 * 1024);
});

test("a server that takes less than the least size gets no more than it takes", () => {
  const size = new ChunkSize(100);
  size.lost();
  expect(size.bytes).toBe(100);
});
