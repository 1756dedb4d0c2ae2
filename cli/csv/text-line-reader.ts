/** A line of a file, without its line end. */
export interface TextLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Why the line is invalid. */
  readonly problem?: string;
}

/** The longest line, in bytes. It limits the memory for a file without line ends. */
export const maxLineBytes = 64 * 1024;

/** The length of the excerpt of a line that is too long, in bytes. */
const excerptBytes = 1_000;

/** The supported encodings. In each of them the byte 10 is a line feed, and nothing else. */
export const encodings = ["utf-8", "windows-1252"] as const;

const lineFeed = 10;

/** Splits a file into lines, piece by piece. An invalid line does not affect the lines after it. */
export class TextLineReader {
  readonly #decoder: TextDecoder;
  readonly #encoding: string;
  readonly #mayEndOpen: boolean;
  #partialLine: Buffer = Buffer.alloc(0);
  #isTooLong = false;
  #number = 0;

  /** @param mayEndOpen whether a last line without a line end is accepted */
  constructor(encoding: (typeof encodings)[number], mayEndOpen: boolean) {
    this.#encoding = encoding;
    this.#decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    this.#mayEndOpen = mayEndOpen;
  }

  /** The lines that are complete after the next piece of the file. */
  read(piece: Buffer): TextLine[] {
    const end = piece.lastIndexOf(lineFeed);
    if (end < 0) {
      this.#append(piece);
      return [];
    }
    const tooLong = this.#isTooLong ? piece.indexOf(lineFeed) : -1;
    const first = tooLong < 0 ? [] : [this.#tooLongLine()];
    const others =
      end > tooLong ? this.#decode(Buffer.concat([this.#partialLine, piece.subarray(tooLong + 1, end)])) : [];
    this.#partialLine = Buffer.alloc(0);
    this.#append(piece.subarray(end + 1));
    return first.length === 0 ? others : [...first, ...others];
  }

  /** The last line, if it has no line end. */
  end(): TextLine[] {
    if (this.#isTooLong) return [this.#tooLongLine()];
    if (this.#partialLine.length === 0) return [];
    const lines = this.#decode(this.#partialLine);
    if (this.#mayEndOpen) return lines;
    return lines.map((line) => ({ ...line, problem: "the line has no line end, so the file may be truncated" }));
  }

  #append(piece: Buffer): void {
    if (!this.#isTooLong) this.#partialLine = Buffer.concat([this.#partialLine, piece]);
    if (this.#partialLine.length <= maxLineBytes) return;
    this.#isTooLong = true;
    this.#partialLine = Buffer.from(this.#partialLine.subarray(0, excerptBytes));
  }

  #tooLongLine(): TextLine {
    const text = this.#partialLine.toString("latin1");
    this.#isTooLong = false;
    this.#partialLine = Buffer.alloc(0);
    return { number: ++this.#number, text, problem: tooLong };
  }

  #decode(bytes: Buffer): TextLine[] {
    try {
      return this.#decoder.decode(bytes).split("\n").map(this.#toLine);
    } catch {
      const end = bytes.indexOf(lineFeed);
      if (end < 0) return [this.#undecodableLine(bytes)];
      const middle = bytes.indexOf(lineFeed, bytes.length >> 1);
      const at = middle < 0 ? end : middle;
      return [...this.#decode(bytes.subarray(0, at)), ...this.#decode(bytes.subarray(at + 1))];
    }
  }

  readonly #toLine = (line: string): TextLine => {
    const number = ++this.#number;
    const text = number === 1 && line.startsWith("\uFEFF") ? line.slice(1) : line;
    if (text.length > maxLineBytes) return { number, text: text.slice(0, excerptBytes), problem: tooLong };
    return { number, text };
  };

  #undecodableLine(bytes: Buffer): TextLine {
    const problem = `the line is not ${this.#encoding}: set the encoding, as in --encoding windows-1252`;
    return { number: ++this.#number, text: bytes.toString("latin1"), problem };
  }
}

const tooLong = `the line has more than ${maxLineBytes.toLocaleString("en")} bytes`;
