import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryUnit } from "../../../gen/bourse/product/v1/product_pb.ts";
import { sortableBits } from "../store/product-columns.ts";
import { memoryBits } from "./memory-bits.ts";

const units = [
  MemoryUnit.BIT,
  MemoryUnit.BYTE,
  MemoryUnit.KILOBYTE,
  MemoryUnit.MEGABYTE,
  MemoryUnit.GIGABYTE,
  MemoryUnit.TERABYTE,
];

const anyMemory = fc.record({ value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), unit: fc.constantFrom(...units) });

test("each unit is 1,024 of the one before it, and a byte is 8 bits", () => {
  const bitsOf = (unit: MemoryUnit) => memoryBits({ value: 3n, unit });
  expect(units.map(bitsOf)).toEqual([3n, 24n, 24n * 1024n, 24n * 1024n ** 2n, 24n * 1024n ** 3n, 24n * 1024n ** 4n]);
  expect(memoryBits({ value: 16n, unit: MemoryUnit.GIGABYTE })).toBe(
    memoryBits({ value: 16_384n, unit: MemoryUnit.MEGABYTE }),
  );
});

test("an amount without a unit is not known", () => {
  expect(memoryBits({ value: 16n, unit: MemoryUnit.UNSPECIFIED })).toBeUndefined();
  expect(memoryBits({ value: 16n, unit: 99 as MemoryUnit })).toBeUndefined();
});

test("amounts compare exactly across units, up to the largest that can be told", () => {
  // In a common unit by multiplication, where the code shifts.
  const inBits = ({ value, unit }: { value: bigint; unit: MemoryUnit }) =>
    unit === MemoryUnit.BIT ? value : value * 8n * 1024n ** BigInt(unit - MemoryUnit.BYTE);
  fc.assert(
    fc.property(anyMemory, anyMemory, (a, b) => {
      const [left, right] = [memoryBits(a) ?? -1n, memoryBits(b) ?? -1n];
      expect(left).toBe(inBits(a));
      expect(sortableBits(left) < sortableBits(right)).toBe(left < right);
      expect(sortableBits(left) === sortableBits(right)).toBe(left === right);
    }),
  );
});

test("one bit more than another amount is more, whatever the units", () => {
  const largest = memoryBits({ value: 2n ** 64n - 1n, unit: MemoryUnit.TERABYTE }) ?? 0n;
  for (const bits of [0n, 15n, 16n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, largest - 1n]) {
    expect(sortableBits(bits) < sortableBits(bits + 1n)).toBe(true);
  }
});
