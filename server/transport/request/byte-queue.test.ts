import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteQueue } from "./byte-queue.ts";

test("bytes keep their order", () => {
  const actions = fc.array(
    fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 40_000 }) }),
      fc.record({ push: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 50_000 }) }),
      fc.record({ skip: fc.integer({ min: 1, max: 500 }) }),
      fc.constantFrom("shift" as const, "own" as const),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(actions, (list) => {
      const queue = new ByteQueue();
      let [pushed, taken] = [0, 0];
      const expectNext = (bytes: Uint8Array) => {
        expect(Buffer.compare(bytes, pattern(taken, bytes.byteLength))).toBe(0);
        taken += bytes.byteLength;
      };
      for (const action of list) {
        if (action === "shift") expectNext(queue.shift() ?? new Uint8Array(0));
        else if (action === "own") queue.ownBytes();
        else if ("push" in action) {
          queue.push(pattern(pushed, action.push));
          pushed += action.push;
        } else if ("skip" in action) {
          const skipped = Math.min(action.skip, queue.byteLength);
          queue.skip(skipped);
          taken += skipped;
        } else expectNext(queue.take(Math.min(action.take, queue.byteLength)));
        expect(queue.byteLength).toBe(pushed - taken);
        const [last] = pattern(pushed - 1, 1);
        if (queue.byteLength > 0) expect(queue.at(queue.byteLength - 1)).toBe(last);
      }
      while (queue.byteLength > 0) expectNext(queue.shift() ?? new Uint8Array(0));
      expect(taken).toBe(pushed);
      expect(queue.shift()).toBeUndefined();
    }),
  );
});

test("single bytes are copied into few chunks", () => {
  const queue = new ByteQueue();
  const bytes = 1_000_000;
  for (let count = 0; count < bytes; count++) queue.push(Uint8Array.of(count));
  let chunks = 0;
  while (queue.shift() !== undefined) chunks++;
  expect(chunks).toBeLessThan(100);
});

test("a chunk is not copied if the queue is empty, or if the chunk is large", () => {
  const queue = new ByteQueue();
  const [small, large] = [new Uint8Array(10), new Uint8Array(100_000)];
  queue.push(small);
  queue.push(large);
  expect([queue.shift()?.buffer, queue.shift()?.buffer]).toEqual([small.buffer, large.buffer]);
});

/** Returns bytes of a long sequence, from an offset on. */
function pattern(from: number, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => ((from + at) * 7919) >> 3));
}

test("bytes that stay in the queue do not keep the rest of their buffer in memory", () => {
  const readBuffer = Buffer.alloc(64 * 1024, 7);
  const queue = new ByteQueue();
  queue.push(readBuffer.subarray(100, 110));
  expect(queue.take(4).buffer).toBe(readBuffer.buffer);
  queue.ownBytes();
  const rest = queue.take(6);
  expect(rest).toEqual(new Uint8Array(6).fill(7));
  expect(rest.buffer.byteLength).toBe(6);
});

test("a large chunk is not copied", () => {
  const readBuffer = Buffer.alloc(64 * 1024);
  const queue = new ByteQueue();
  queue.push(readBuffer);
  queue.ownBytes();
  expect(queue.take(readBuffer.byteLength).buffer).toBe(readBuffer.buffer);
});
