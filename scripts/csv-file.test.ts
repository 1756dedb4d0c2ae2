import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countLines, csvRows } from "./csv-file.ts";

async function rowsOf(content: string | Uint8Array) {
  await using temporary = await mkdtempDisposable(join(tmpdir(), "bourse-csv-"));
  const path = join(temporary.path, "file.csv");
  await writeFile(path, content);
  const rows: unknown[] = [];
  for await (const { line, cells, problem } of csvRows(path)) rows.push(problem ? [line, problem] : [line, ...cells]);
  return rows;
}

test("rows come with their lines; blank lines, a byte order mark and Windows line ends are no matter", async () => {
  expect(await rowsOf("\ufeffa,b\r\n 1 ,2\r\n\r\n3,4")).toEqual([
    [1, "a", "b"],
    [2, "1", "2"],
    [4, "3", "4"],
  ]);
});

test("a cell in quotes may have commas, quotes and line breaks", async () => {
  expect(await rowsOf('a,b\n"x, ""y""\nz",2\n3,4\n')).toEqual([
    [1, "a", "b"],
    [2, 'x, "y"\nz', "2"],
    [4, "3", "4"],
  ]);
});

test.each([
  ["too few cells", "1", "it has 1 cells, and the header 2"],
  ["too many cells", "1,2,3", "it has 3 cells, and the header 2"],
  ["a quote that is never closed", '1,"x', "a quote is opened and not closed"],
  ["a quote in the middle of a cell", '1,x"y', "a quote stands where none may be"],
  ["something behind a quote", '"1"x,2', "a quote stands where none may be"],
])("a line with %s is told by itself, and takes no other along", async (_what, broken, problem) => {
  for (const after of ["3,4", '"3",4', '3,"4"', Array(200).fill("3,4").join("\n")]) {
    const rows = await rowsOf(`a,b\n1,2\n${broken}\n${after}\n`);
    expect(rows.slice(0, 2)).toEqual([
      [1, "a", "b"],
      [2, "1", "2"],
    ]);
    expect(rows[2]).toEqual([3, expect.any(String)]);
    expect(rows[3]).toEqual([4, "3", "4"]);
    if (after === "3,4") expect(rows[2]).toEqual([3, problem]);
  }
});

test("a line that is not UTF-8 is told", async () => {
  expect(await rowsOf(Buffer.from("a,b\n£1,2\n3,4\n", "latin1"))).toEqual([
    [1, "a", "b"],
    [2, "it has bytes that are not UTF-8"],
    [3, "3", "4"],
  ]);
});

test("a file without a header, one that is missing, and a line without end are errors with the name", async () => {
  await expect(rowsOf("\n\n")).rejects.toThrow("file.csv: it is empty: its first row names the columns");
  await expect(rowsOf(`a,b\n${"x".repeat(200_000)}`)).rejects.toThrow(
    "file.csv: a line has more than 65536 characters",
  );
  await expect(Array.fromAsync(csvRows("no-such.csv"))).rejects.toThrow(/no-such\.csv: ENOENT/);
});

test.each([
  ["", 0, false],
  ["a\nb\n", 2, false],
  ["a\nb", 1, true],
  [`${"x\n".repeat(100_000)}y`, 100_000, true],
])("line ends are counted, and a last line without one is seen", async (content, lines, isCutOff) => {
  await using temporary = await mkdtempDisposable(join(tmpdir(), "bourse-csv-"));
  const path = join(temporary.path, "file.csv");
  await writeFile(path, content);
  expect(await countLines(path)).toEqual({ lines, isCutOff });
});
