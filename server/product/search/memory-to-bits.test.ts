import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryUnit } from "../../../gen/bourse/product/v1/product_pb.ts";
import { formatSortableBits, memoryToBits } from "./memory-to-bits.ts";

const units = [
  MemoryUnit.BIT,
  MemoryUnit.BYTE,
  MemoryUnit.KILOBYTE,
  MemoryUnit.MEGABYTE,
  MemoryUnit.GIGABYTE,
  MemoryUnit.TERABYTE,
];

const anyMemory = fc.record({ value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), unit: fc.constantFrom(...units) });

test("a byte is 8 bits, and each larger unit is 1,024 times the one before", () => {
  const bitsOf = (unit: MemoryUnit) => memoryToBits({ value: 3n, unit });
  expect(units.map(bitsOf)).toEqual([3n, 24n, 24n * 1024n, 24n * 1024n ** 2n, 24n * 1024n ** 3n, 24n * 1024n ** 4n]);
  expect(memoryToBits({ value: 16n, unit: MemoryUnit.GIGABYTE })).toBe(
    memoryToBits({ value: 16_384n, unit: MemoryUnit.MEGABYTE }),
  );
});

test("an amount with an unknown unit has no number of bits", () => {
  expect(memoryToBits({ value: 16n, unit: MemoryUnit.UNSPECIFIED })).toBeUndefined();
  expect(memoryToBits({ value: 16n, unit: 99 as MemoryUnit })).toBeUndefined();
});

test("amounts compare exactly across units, up to the largest", () => {
  // The model multiplies; the code shifts.
  const inBits = ({ value, unit }: { value: bigint; unit: MemoryUnit }) =>
    unit === MemoryUnit.BIT ? value : value * 8n * 1024n ** BigInt(unit - MemoryUnit.BYTE);
  fc.assert(
    fc.property(anyMemory, anyMemory, (a, b) => {
      const [left, right] = [memoryToBits(a) ?? -1n, memoryToBits(b) ?? -1n];
      expect(left).toBe(inBits(a));
      expect(formatSortableBits(left) < formatSortableBits(right)).toBe(left < right);
      expect(formatSortableBits(left) === formatSortableBits(right)).toBe(left === right);
    }),
  );
});

test("amounts that differ by one bit compare correctly", () => {
  const largest = memoryToBits({ value: 2n ** 64n - 1n, unit: MemoryUnit.TERABYTE }) ?? 0n;
  for (const bits of [0n, 15n, 16n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, largest - 1n]) {
    expect(formatSortableBits(bits) < formatSortableBits(bits + 1n)).toBe(true);
  }
});
