import { expect, test } from "vitest";
import { MemoryUnit } from "../../gen/bourse/product/v1/product_pb.ts";
import { parseMemory } from "./memory-text.ts";

test.each([
  ["16 GB", 16n, MemoryUnit.GIGABYTE],
  ["512mb", 512n, MemoryUnit.MEGABYTE],
  [" 2 TiB ", 2n, MemoryUnit.TERABYTE],
  ["18446744073709551615 b", 2n ** 64n - 1n, MemoryUnit.BYTE],
])("parseMemory reads %s", (text, value, unit) => {
  expect(parseMemory(text)).toEqual({ value, unit });
});

test.each(["", "16", "GB", "1.5 GB", "-1 GB", "16 XB", "16 constructor", "18446744073709551616 B"])(
  "parseMemory refuses %j",
  (text) => {
    expect(() => parseMemory(text)).toThrow("expected an amount of memory such as 16 GB");
  },
);
