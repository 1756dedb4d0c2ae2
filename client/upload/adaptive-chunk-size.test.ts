import { expect, test } from "vitest";
import { AdaptiveChunkSize, minChunkBytes } from "./adaptive-chunk-size.ts";

test("each lost chunk halves the size, down to a minimum, and fast chunks double it up to the limit", () => {
  const size = new AdaptiveChunkSize(512 * 1024);
  expect(size.bytes).toBe(512 * 1024);
  size.fail();
  expect(size.bytes).toBe(256 * 1024);
  for (let loss = 0; loss < 10; loss++) size.fail();
  expect(size.bytes).toBe(minChunkBytes);
  for (let chunk = 0; chunk < 3; chunk++) size.succeed(100);
  expect(size.bytes).toBe(minChunkBytes);
  size.succeed(100);
  expect(size.bytes).toBe(2 * minChunkBytes);
  for (let chunk = 0; chunk < 100; chunk++) size.succeed(100);
  expect(size.bytes).toBe(512 * 1024);
});

test("slow chunks do not increase the size", () => {
  const size = new AdaptiveChunkSize(512 * 1024);
  size.fail();
  for (let chunk = 0; chunk < 100; chunk++) size.succeed(6_000);
  expect(size.bytes).toBe(256 * 1024);
});

test("a limit of the server below the minimum is respected", () => {
  const size = new AdaptiveChunkSize(100);
  size.fail();
  expect(size.bytes).toBe(100);
});
