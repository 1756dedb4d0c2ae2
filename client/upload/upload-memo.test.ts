import { expect, test } from "vitest";
import { isSameFile, newMemo, parseMemo } from "./upload-memo.ts";
import { blobSource } from "./upload-source.ts";

const id = "8d1c3f5e-7a62-4b0e-9c55-2f1d0a4e6b79";

function fileOf(bytes: number, lastModified = 7) {
  return blobSource(Object.assign(new Blob([new Uint8Array(bytes)]), { name: "a.bin", lastModified }));
}

test("a memo survives JSON, and belongs to its file only", () => {
  const memo = newMemo(fileOf(3), "", () => id);
  expect(memo).toEqual({ uploadId: id, fileName: "a.bin", size: 3, lastModified: 7, productId: "" });
  const parsed = parseMemo(JSON.parse(JSON.stringify(memo)));
  expect(parsed).toEqual(memo);
  expect(isSameFile(memo, fileOf(3))).toBe(true);
  expect(isSameFile(memo, fileOf(4))).toBe(false);
  expect(isSameFile(memo, fileOf(3, 8))).toBe(false);
});

test("a value that is not a memo is undefined", () => {
  const memo = { uploadId: id, fileName: "a", size: 3, lastModified: 7.5, productId: "" };
  expect(parseMemo(memo)).toEqual(memo);
  const others = [
    undefined,
    null,
    "memo",
    { ...memo, uploadId: "../x" },
    { ...memo, size: -1 },
    { ...memo, size: "3" },
    { ...memo, lastModified: null },
    { ...memo, fileName: 5 },
    { ...memo, productId: undefined },
  ];
  for (const other of others) expect(parseMemo(other)).toBeUndefined();
});
