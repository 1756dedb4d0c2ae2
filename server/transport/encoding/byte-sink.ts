/**
 * A growing buffer. Encoders write into `buffer` from `position` on.
 */
export class ByteSink {
  /** The offset of the next byte. Set it back to drop the bytes after it. */
  position = 0;

  private memory: Buffer;
  private memoryView: DataView;

  /** @param capacity of the first memory, in bytes */
  constructor(capacity: number) {
    this.memory = Buffer.allocUnsafeSlow(capacity);
    this.memoryView = viewOf(this.memory);
  }

  /** The current memory. A call that writes may replace it by a larger one: read it again after each call. */
  get buffer(): Buffer {
    return this.memory;
  }

  /** Replaces the memory, for instance while a socket still reads the current one. Copies nothing. */
  set buffer(memory: Buffer) {
    this.memory = memory;
    this.memoryView = viewOf(memory);
  }

  /** A view of the current memory, for numbers of fixed size. */
  get view(): DataView {
    return this.memoryView;
  }

  /** Ensures space for the given number of bytes after `position`. Keeps the bytes before it. */
  ensure(bytes: number): void {
    this.ensureAt(this.position, bytes);
  }

  /**
   * Ensures space for the given number of bytes after an offset, for a writer that is ahead of `position`. Keeps the
   * bytes before it.
   */
  ensureAt(offset: number, bytes: number): void {
    if (offset + bytes > this.memory.length) this.grow(offset, bytes);
  }

  private grow(offset: number, bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.memory.length * 2, offset + bytes));
    this.memory.copy(larger, 0, 0, offset);
    this.buffer = larger;
  }
}

function viewOf(memory: Buffer): DataView {
  return new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
}
