/** A line of a file, without its end. */
export interface CsvLine {
  /** From 1 on. */
  readonly number: number;
  readonly text: string;
  /** Why it cannot be used, where that shows already. */
  readonly problem?: string;
}

/** The longest line, in bytes: what bounds the memory on a file without line ends. */
export const maxLineBytes = 64 * 1024;

/** How much of a line that is too long is kept to be shown, in bytes. */
const shownBytes = 1_000;

/** The encodings that a file may have. In each of them a line feed is the byte 10, and that byte nothing else. */
export const encodings = ["utf-8", "windows-1252"] as const;

const lineFeed = 10;

/** Cuts a file into lines, some at a time. A line that cannot be used is marked, and those after it are not the worse. */
export class CsvLines {
  readonly #decoder: TextDecoder;
  readonly #encoding: string;
  readonly #mayEndOpen: boolean;
  #rest: Buffer = Buffer.alloc(0);
  #isTooLong = false;
  #number = 0;

  /** @param mayEndOpen whether a last line without a line end is taken for whole */
  constructor(encoding: (typeof encodings)[number], mayEndOpen: boolean) {
    this.#encoding = encoding;
    this.#decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    this.#mayEndOpen = mayEndOpen;
  }

  /** The lines that end in the next piece of the file. */
  read(piece: Buffer): CsvLine[] {
    const end = piece.lastIndexOf(lineFeed);
    if (end < 0) {
      this.#keep(piece);
      return [];
    }
    const tooLong = this.#isTooLong ? piece.indexOf(lineFeed) : -1;
    const first = tooLong < 0 ? [] : [this.#tooLongLine()];
    const others = end > tooLong ? this.#decode(Buffer.concat([this.#rest, piece.subarray(tooLong + 1, end)])) : [];
    this.#rest = Buffer.alloc(0);
    this.#keep(piece.subarray(end + 1));
    return first.length === 0 ? others : [...first, ...others];
  }

  /** The last line, where the file does not end with a line end. */
  end(): CsvLine[] {
    if (this.#isTooLong) return [this.#tooLongLine()];
    if (this.#rest.length === 0) return [];
    const lines = this.#decode(this.#rest);
    if (this.#mayEndOpen) return lines;
    return lines.map((line) => ({ ...line, problem: "the file ends within the line, so it may be cut off" }));
  }

  #keep(piece: Buffer): void {
    if (!this.#isTooLong) this.#rest = Buffer.concat([this.#rest, piece]);
    if (this.#rest.length <= maxLineBytes) return;
    this.#isTooLong = true;
    this.#rest = Buffer.from(this.#rest.subarray(0, shownBytes));
  }

  #tooLongLine(): CsvLine {
    const text = this.#rest.toString("latin1");
    this.#isTooLong = false;
    this.#rest = Buffer.alloc(0);
    return { number: ++this.#number, text, problem: tooLong };
  }

  #decode(bytes: Buffer): CsvLine[] {
    try {
      return this.#decoder.decode(bytes).split("\n").map(this.#toLine);
    } catch {
      const end = bytes.indexOf(lineFeed);
      if (end < 0) return [this.#notDecoded(bytes)];
      const middle = bytes.indexOf(lineFeed, bytes.length >> 1);
      const at = middle < 0 ? end : middle;
      return [...this.#decode(bytes.subarray(0, at)), ...this.#decode(bytes.subarray(at + 1))];
    }
  }

  readonly #toLine = (line: string): CsvLine => {
    const number = ++this.#number;
    const text = number === 1 && line.startsWith("\uFEFF") ? line.slice(1) : line;
    if (text.length > maxLineBytes) return { number, text: text.slice(0, shownBytes), problem: tooLong };
    return { number, text };
  };

  #notDecoded(bytes: Buffer): CsvLine {
    const problem = `the line is not ${this.#encoding}: say how the file is encoded, as in --encoding windows-1252`;
    return { number: ++this.#number, text: bytes.toString("latin1"), problem };
  }
}

const tooLong = `the line has more than ${maxLineBytes.toLocaleString("en")} bytes`;
