import { type Memory, MemoryUnit } from "../../../gen/bourse/product/v1/product_pb.ts";

/** How many bits an amount of memory is, exactly: no more than 2^107. Undefined where its unit is not known. */
export function memoryBits({ value, unit }: Pick<Memory, "value" | "unit">): bigint | undefined {
  const shift = shifts[unit];
  return shift === undefined ? undefined : value << shift;
}

/** The binary logarithm of a unit's bits. */
const shifts: Partial<Record<MemoryUnit, bigint>> = {
  [MemoryUnit.BIT]: 0n,
  [MemoryUnit.BYTE]: 3n,
  [MemoryUnit.KILOBYTE]: 13n,
  [MemoryUnit.MEGABYTE]: 23n,
  [MemoryUnit.GIGABYTE]: 33n,
  [MemoryUnit.TERABYTE]: 43n,
};
