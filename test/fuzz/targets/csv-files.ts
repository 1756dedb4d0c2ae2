import { type CsvRow, CsvRowParser } from "../../../cli/csv/csv-row-parser.ts";
import { TextLineReader } from "../../../cli/csv/text-line-reader.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { cut, InputReader } from "../engine/input-reader.ts";

// The reader of CSV files returns the same rows regardless of fragmentation. All rows have the same width and are in
// order, and they contain no more than the file.

const columns = ["a,b\n", "a;b\n", "a,b,c\n"];

interface Dialect {
  readonly encoding: "utf-8" | "windows-1252";
  readonly mayEndOpen: boolean;
  readonly delimiter: "," | ";";
  readonly trim: boolean;
}

export const target: FuzzTarget = {
  maxBytes: 1_024,
  seeds: [
    ...columns.map((header, index) => Buffer.from(`${String.fromCharCode(index)}\x03${header}1,2\n"x, ""y""",3\r\n`)),
    Buffer.from('\x02\x01\ufeffa,b\n"open\nclose",2\n"never closed\n1,2\n'),
    Buffer.from("\x01\x09a,b\n\xe4,\x80\nlast,line", "latin1"),
  ],
  run(input) {
    const reader = new InputReader(input);
    const flags = reader.byte();
    const dialect: Dialect = {
      encoding: flags & 1 ? "windows-1252" : "utf-8",
      mayEndOpen: (flags & 2) !== 0,
      delimiter: flags & 4 ? ";" : ",",
      trim: (flags & 8) !== 0,
    };
    const how = reader.byte();
    const file = reader.rest();
    const rows = read(cut(file, 0), dialect);
    const inPieces = read(cut(file, how), dialect);
    invariant(
      JSON.stringify(inPieces) === JSON.stringify(rows),
      () => `fragmented ${JSON.stringify(inPieces)}, whole ${JSON.stringify(rows)}`,
    );
    check(rows, file);
  },
};

function read(pieces: readonly Buffer[], { encoding, mayEndOpen, ...options }: Dialect): CsvRow[] {
  const lines = new TextLineReader(encoding, mayEndOpen);
  const rows = new CsvRowParser(options);
  return [...pieces.flatMap((piece) => rows.read(lines.read(piece))), ...rows.read(lines.end()), ...rows.end()];
}

function check(rows: readonly CsvRow[], file: Buffer): void {
  const lineEnds = file.reduce((count, byte) => count + Number(byte === 10), 0);
  let line = 0;
  let width: number | undefined;
  let chars = 0;
  for (const row of rows) {
    invariant(row.line > line, `line ${row.line} follows line ${line}`);
    line = row.line;
    chars += row.text.length;
    if (!("cells" in row)) continue;
    width ??= row.cells.length;
    invariant(row.cells.length === width, `line ${line} has ${row.cells.length} cells, the first row ${width}`);
  }
  invariant(line <= lineEnds + 1, `line ${line} of ${lineEnds + 1}`);
  invariant(chars <= file.length, `the rows have ${chars} characters, but the file has ${file.length} bytes`);
}
