import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CsvRowParser, type CsvRowParserOptions } from "./csv-row-parser.ts";
import { maxLineBytes, TextLineReader } from "./text-line-reader.ts";

/** Reads a file in pieces of `piece` bytes. */
function rowsOf(
  file: string | Buffer,
  { piece = 7, open = false, ...options }: CsvRowParserOptions & { piece?: number; open?: boolean } = {},
) {
  const bytes = Buffer.from(file);
  const lines = new TextLineReader("utf-8", open);
  const rows = new CsvRowParser(options);
  const read = [];
  for (let at = 0; at < bytes.length; at += piece) read.push(...rows.read(lines.read(bytes.subarray(at, at + piece))));
  return [...read, ...rows.read(lines.end()), ...rows.end()];
}

const brief = (file: string | Buffer, options: Parameters<typeof rowsOf>[1] = {}) =>
  rowsOf(file, options).map((row) => ("cells" in row ? row.cells.join("|") : `${row.line}: ${row.problem}`));

describe("CsvRowParser", () => {
  it("reads rows, quoted cells and spaces unchanged, with any line ends", () => {
    expect(brief('a,b\n x ,"1, ""2"""\n')).toEqual(["a|b", ' x |1, "2"']);
    expect(brief("a,b\r\n1,2\r\n\r\n3,\r\n")).toEqual(["a|b", "1|2", "3|"]);
    expect(brief("\uFEFFa;b\n1;2\n", { delimiter: ";" })).toEqual(["a|b", "1|2"]);
  });

  it("with trim, removes spaces around cells, and lines of spaces", () => {
    const file = 'a,b\r\n 1 , "2 "\n  \n"x\n",\t3\n';
    expect(brief(file, { trim: true })).toEqual(["a|b", "1|2 ", "x\n|3"]);
  });

  it("reads a cell with line ends, and reports the first line of the row", () => {
    const rows = rowsOf('a,b\n1,"x\ny, ""z""\n"\n3,4\n');
    expect(rows.map(({ line }) => line)).toEqual([1, 2, 5]);
    expect(rows[1]).toEqual({ line: 2, text: '1,"x\ny, ""z""\n"', cells: ["1", 'x\ny, "z"\n'] });
  });

  it.each([
    ["a quote that is not closed", '1,"x', "its quotes do not match"],
    ["a quote within a cell", '1,7" plate', "its quotes do not match"],
    ["two quotes within a cell", '1,7" or 8" plate', "its quotes do not match"],
    ["text after a quoted cell", '1,"x"y', "its quotes do not match"],
    ["too few cells", "1", "the row has 1 cells, and the header has 2"],
    ["too many cells", "1,2,3", "the row has 3 cells, and the header has 2"],
    ["too many bytes", "x".repeat(maxLineBytes + 1), "the line has more than 65,536 bytes"],
  ])("reports %s, and reads the next rows", (_what, line, problem) => {
    const after = Array.from({ length: 50 }, (_, index) => `${index},"in ""quotes"""`);
    for (const piece of [13, 1 << 20]) {
      const read = brief(["a,b", "1,2", line, ...after, ""].join("\n"), { piece });
      expect(read.slice(0, 2)).toEqual(["a|b", "1|2"]);
      expect(read[2]).toContain(`3: ${problem}`);
      expect(read.slice(3)).toEqual(after.map((_, index) => `${index}|in "quotes"`));
    }
  });

  it("does not read two invalid lines, and the lines between them, as one row", () => {
    const read = brief('a,b,c\n1,"x,2\n3,4,5\n6,"y,7\n8,9,10\n');
    expect(read).toEqual(["a|b|c", expect.stringMatching(/^2: /), "3|4|5", expect.stringMatching(/^4: /), "8|9|10"]);
  });

  it("refuses a last line without a line end, unless it is allowed", () => {
    expect(brief("a,b\n1,2\n3,4")).toEqual(["a|b", "1|2", "3: the line has no line end, so the file may be truncated"]);
    expect(brief("a,b\n1,2\n3,4", { open: true })).toEqual(["a|b", "1|2", "3|4"]);
    expect(brief('a,b\n1,2\n3,"x')[2]).toMatch(/^3: the line has no line end/);
    expect(brief('a,b\n1,2\n3,"x\ny\n')).toEqual([
      "a|b",
      "1|2",
      expect.stringMatching(/^3: its quotes/),
      "4: the row has 1 cells, and the header has 2",
    ]);
  });

  it("reports exactly the lines that are not UTF-8", () => {
    const latin = Buffer.from("a,b\n1,\xA32\n3,4\n5,\xA36\n7,\u00e9\n", "latin1");
    for (const piece of [1, 5, 100]) {
      expect(brief(latin.subarray(0, -4), { piece })).toEqual([
        "a|b",
        expect.stringContaining("2: the line is not utf-8"),
        "3|4",
        expect.stringContaining("4: the line is not utf-8"),
      ]);
    }
  });

  it("reads the same rows in pieces of any size", () => {
    const cell = fc
      .array(fc.constantFrom("x", "é", '"', ",", "\n", "\r\n", " "), { maxLength: 4 })
      .map((all) => all.join(""));
    const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const tables = fc.array(fc.tuple(fc.constantFrom("k", "é"), cell, cell), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 30 }), (table, piece) => {
        const file = [["a", "b", "c"], ...table].map((row) => `${row.map(quoted).join(",")}\n`).join("");
        const cells = rowsOf(file, { piece }).map((row) => ("cells" in row ? row.cells : row.problem));
        expect(cells).toEqual([["a", "b", "c"], ...table]);
      }),
    );
  });
});
