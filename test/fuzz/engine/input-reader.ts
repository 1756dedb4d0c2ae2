/** Reads values from an input: small numbers and strings from its start, and then the rest. */
export class InputReader {
  readonly #input: Buffer;
  #at = 0;

  constructor(input: Buffer) {
    this.#input = input;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#input.length;
  }

  /** Returns the next byte, or 0 at the end. */
  byte(): number {
    return this.#input[this.#at++] ?? 0;
  }

  /** Returns one of the values. Throws a RangeError if there are none. */
  pick<const T>(values: readonly T[]): T {
    if (values.length === 0) throw new RangeError("cannot pick from an empty list");
    return values[this.byte() % values.length] as T;
  }

  /** Returns the next `count` bytes, or the rest if there are fewer. */
  bytes(count: number): Buffer {
    const bytes = this.#input.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  /** Returns eight bytes as a signed number, with zeros after the end. */
  int64(): bigint {
    const bytes = Buffer.alloc(8);
    bytes.set(this.bytes(8));
    return bytes.readBigInt64BE();
  }

  /** Returns the bytes up to the next line feed or the end. */
  line(): string {
    const end = this.#input.indexOf(10, this.#at);
    const text = this.#input.subarray(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#input.length : end + 1;
    return text.toString("utf8");
  }

  rest(): Buffer {
    return this.bytes(this.#input.length);
  }
}

/** Splits bytes into fragments. The number selects the sizes: one fragment, single bytes, or varying sizes. */
export function cut(bytes: Buffer, how: number): Buffer[] {
  if (how === 0) return bytes.length === 0 ? [] : [bytes];
  const pieces: Buffer[] = [];
  for (let at = 0, step = how; at < bytes.length; step = (step * 31 + 7) % 256) {
    const size = how === 1 ? 1 : 1 + (step % (how < 128 ? 8 : 64));
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
