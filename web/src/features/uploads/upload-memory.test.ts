import { expect, test } from "vitest";
import { parseRemembered } from "./upload-memory.ts";

const memo = {
  uploadId: "8d1c3f5e-7a62-4b0e-9c55-2f1d0a4e6b79",
  fileName: "a",
  size: 3,
  lastModified: 7,
  productId: "",
};

test("what was remembered is read again, and what is something else is nothing", () => {
  const upload = { memo, isPaused: true, addedAt: 5 };
  expect(parseRemembered(JSON.stringify(upload))).toEqual(upload);
  for (const text of [undefined, "", "{", "null", "{}", '{"memo":{}}']) expect(parseRemembered(text)).toBeUndefined();
});
