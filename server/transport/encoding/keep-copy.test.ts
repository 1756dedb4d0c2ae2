import { describe, expect, test } from "vitest";
import { keepCopy } from "./keep-copy.ts";

describe("keepCopy", () => {
  test("gives copies that stay as they are, whatever their lengths", () => {
    const original = new Uint8Array(5_000);
    const lengths = Array.from({ length: 600 }, (_, i) => (i * 37) % 700);
    const copies = [...lengths, 5_000].map((length, i) => keepCopy(original.subarray(0, length).fill(i % 251)));
    original.fill(255);
    for (const [i, copy] of copies.entries()) {
      expect(copy).toEqual(new Uint8Array(lengths[i] ?? 5_000).fill(i % 251));
    }
  });
});
