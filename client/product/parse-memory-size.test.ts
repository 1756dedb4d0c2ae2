import { expect, test } from "vitest";
import { MemoryUnit } from "../../gen/bourse/product/v1/product_pb.ts";
import { parseMemorySize } from "./parse-memory-size.ts";

test.each([
  ["16 GB", 16n, MemoryUnit.GIGABYTE],
  ["512mb", 512n, MemoryUnit.MEGABYTE],
  [" 2 TiB ", 2n, MemoryUnit.TERABYTE],
  ["18446744073709551615 b", 2n ** 64n - 1n, MemoryUnit.BYTE],
])("parseMemorySize reads %s", (text, value, unit) => {
  expect(parseMemorySize(text)).toEqual({ value, unit });
});

test.each(["", "16", "GB", "1.5 GB", "-1 GB", "16 XB", "16 constructor", "18446744073709551616 B"])(
  "parseMemorySize refuses %j",
  (text) => {
    expect(() => parseMemorySize(text)).toThrow("expected an amount of memory such as 16 GB");
  },
);
