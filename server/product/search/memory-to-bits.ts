import { type Memory, MemoryUnit } from "../../../gen/bourse/product/v1/product_pb.ts";

/** Converts an amount of memory to bits, exactly: at most 2^107. Returns undefined for an unknown unit. */
export function memoryToBits({ value, unit }: Pick<Memory, "value" | "unit">): bigint | undefined {
  const shift = shifts[unit];
  return shift === undefined ? undefined : value << shift;
}

/** The binary logarithm of the bits in each unit. A kilobyte has 1,024 bytes. */
const shifts: Partial<Record<MemoryUnit, bigint>> = {
  [MemoryUnit.BIT]: 0n,
  [MemoryUnit.BYTE]: 3n,
  [MemoryUnit.KILOBYTE]: 13n,
  [MemoryUnit.MEGABYTE]: 23n,
  [MemoryUnit.GIGABYTE]: 33n,
  [MemoryUnit.TERABYTE]: 43n,
};

/** Formats a number of bits for a text column: the texts sort in the order of the numbers. */
export function formatSortableBits(bits: bigint): string {
  return bits.toString(16).padStart(sortableDigits, "0");
}

const sortableDigits = 27; // enough for 2^107
