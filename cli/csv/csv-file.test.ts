import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CsvFile } from "./csv-file.ts";

async function readFile(content: string) {
  await using temporary = await mkdtempDisposable(join(tmpdir(), "bourse-csv-"));
  const path = join(temporary.path, "file.csv");
  await writeFile(path, content);
  const file = new CsvFile(path, { mayEndOpen: true });
  return { counted: await file.countLines(), rows: await Array.fromAsync(file.rows()) };
}

test("an empty file and a missing file are errors with the name", async () => {
  await expect(readFile("\n\n")).rejects.toThrow("file.csv is empty: a header is needed");
  const missing = new CsvFile("no-such.csv", { mayEndOpen: true });
  await expect(Array.fromAsync(missing.rows())).rejects.toThrow("no-such.csv cannot be read: ENOENT");
});

test.each([
  ["a\nb\n", 2, 2, false],
  ["a\nb", 1, 2, true],
  [`${"x\n".repeat(200_000)}y`, 200_000, 200_001, true],
])(
  "line endings are counted, and a last line without one is detected and read",
  async (content, lines, rows, isTruncated) => {
    const read = await readFile(content);
    expect(read.counted).toEqual({ lines, isTruncated });
    expect(read.rows).toHaveLength(rows);
  },
);
