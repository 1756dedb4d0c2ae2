import type { MessageInitShape } from "@bufbuild/protobuf";
import { type MemorySchema, MemoryUnit } from "../../gen/bourse/product/v1/product_pb.ts";

/**
 * Parses an amount of memory such as `16 GB`. Each unit is 1,024 times the previous one.
 *
 * Throws an error whose message describes a valid amount, to be followed by `, not …`.
 */
export function parseMemorySize(text: string): MessageInitShape<typeof MemorySchema> {
  const [, digits = "", name = ""] = /^(\d{1,20})\s*([a-z]+)$/i.exec(text.trim()) ?? [];
  const unit = units.get(name.toLowerCase());
  if (digits === "" || unit === undefined || BigInt(digits) >= 2n ** 64n) {
    throw new Error("expected an amount of memory such as 16 GB, in B, KB, MB, GB or TB");
  }
  return { value: BigInt(digits), unit };
}

const units: ReadonlyMap<string, MemoryUnit> = new Map([
  ["bit", MemoryUnit.BIT],
  ["b", MemoryUnit.BYTE],
  ["kb", MemoryUnit.KILOBYTE],
  ["kib", MemoryUnit.KILOBYTE],
  ["mb", MemoryUnit.MEGABYTE],
  ["mib", MemoryUnit.MEGABYTE],
  ["gb", MemoryUnit.GIGABYTE],
  ["gib", MemoryUnit.GIGABYTE],
  ["tb", MemoryUnit.TERABYTE],
  ["tib", MemoryUnit.TERABYTE],
]);
