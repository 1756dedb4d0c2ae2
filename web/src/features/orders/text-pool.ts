// What a text costs beside its letters, about: its header, its place in the map, and its place in the list.
const overheadBytes = 96;
const bytesPerUnit = 2; // of UTF-16, where a browser does not find something better

/** Keeps each text once, under a small number, so that a million rows that repeat a few thousand texts are cheap. */
export class TextPool {
  readonly #codes = new Map<string, number>();
  readonly #texts: string[] = [];
  #bytes = 0;

  /** What the texts take in memory, at most about this many bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of a text: the same for the same text, from 0 on without gaps. */
  codeOf(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#texts.length;
    this.#codes.set(text, code);
    this.#texts.push(text);
    this.#bytes += text.length * bytesPerUnit + overheadBytes;
    return code;
  }

  /** The text of a number that {@link codeOf} has given. */
  textOf(code: number): string {
    const text = this.#texts[code];
    if (text === undefined) throw new RangeError(`no text has the number ${code}: there are ${this.#texts.length}`);
    return text;
  }
}
