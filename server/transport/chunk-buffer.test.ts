import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkBuffer } from "./chunk-buffer.ts";

test("gives the bytes that it was given, in their order, however they are cut", () => {
  const chunk = fc.nat(5_000).map((size) => (size % 7 === 0 ? size : size % 40));
  const act = fc.oneof(
    fc.record({ kind: fc.constant("push" as const), size: chunk }),
    fc.record({ kind: fc.constantFrom("take" as const, "skip" as const), size: fc.nat(6_000) }),
    fc.record({ kind: fc.constant("shift" as const), size: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 300 }), (acts) => {
      const buffer = new ChunkBuffer();
      let pushed = 0;
      let taken = 0;
      const expectNext = (bytes: Uint8Array) => {
        expect(Buffer.from(bytes).equals(sequence(taken, bytes.byteLength))).toBe(true);
        taken += bytes.byteLength;
      };
      for (const { kind, size } of acts) {
        if (kind === "push") {
          buffer.push(sequence(pushed, size));
          pushed += size;
        } else if (kind === "shift") expectNext(buffer.shift() ?? new Uint8Array(0));
        else {
          const bytes = Math.min(size, pushed - taken);
          if (bytes > 0) expect(buffer.peek(bytes - 1)).toBe((taken + bytes - 1) % 251);
          if (kind === "take") expectNext(buffer.take(bytes));
          else {
            buffer.skip(bytes);
            taken += bytes;
          }
        }
        expect(buffer.available).toBe(pushed - taken);
      }
    }),
  );
});

test("a megabyte in chunks of one byte takes little more than a megabyte", () => {
  const buffer = new ChunkBuffer();
  for (let at = 0; at < 1_000_000; at++) buffer.push(Uint8Array.of(at));
  let chunks = 0;
  while (buffer.shift() !== undefined) chunks++;
  expect(chunks).toBeLessThan(1_000);
});

test("what was taken does not change when more arrives", () => {
  const buffer = new ChunkBuffer();
  buffer.push(Uint8Array.of(1, 2));
  buffer.push(Uint8Array.of(3));
  const first = buffer.shift();
  buffer.push(Uint8Array.of(4));
  buffer.push(Uint8Array.of(5));
  expect([...(first ?? [])]).toEqual([1, 2, 3]);
  expect([...buffer.take(2)]).toEqual([4, 5]);
});

/** Bytes by whose values their places can be told. */
function sequence(from: number, size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, at) => (from + at) % 251));
}
