import { expect, test } from "vitest";
import { parseRecord } from "./local-upload-records.ts";

const memo = {
  uploadId: "8d1c3f5e-7a62-4b0e-9c55-2f1d0a4e6b79",
  fileName: "a",
  size: 3,
  lastModified: 7,
  productId: "",
};

test("a stored record is parsed, and an invalid text is undefined", () => {
  const record = { memo, isPaused: true, addedAt: 5 };
  expect(parseRecord(JSON.stringify(record))).toEqual(record);
  for (const text of [undefined, "", "{", "null", "{}", '{"memo":{}}']) expect(parseRecord(text)).toBeUndefined();
});
