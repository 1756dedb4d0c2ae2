/**
 * Bytes that grow at their end. Encoders write straight into `buffer` from `position` on; what is before it is whole.
 */
export class ByteSink {
  /** Where the next byte goes. Setting it back drops what is behind. */
  position = 0;

  private memory: Buffer;
  private memoryView: DataView;

  /** Makes room for `capacity` bytes to begin with. */
  constructor(capacity: number) {
    this.memory = Buffer.allocUnsafeSlow(capacity);
    this.memoryView = viewOf(this.memory);
  }

  /** Current memory; replaced by a larger one when it runs out, so it is no good across a call that writes. */
  get buffer(): Buffer {
    return this.memory;
  }

  /** Takes other memory in place of the current one, for instance while a socket still reads that. Copies nothing. */
  set buffer(memory: Buffer) {
    this.memory = memory;
    this.memoryView = viewOf(memory);
  }

  /** The same memory, for numbers of fixed size. Replaced with it. */
  get view(): DataView {
    return this.memoryView;
  }

  /** Makes room for that many bytes more; what is there moves along. */
  ensure(bytes: number): void {
    this.ensureAt(this.position, bytes);
  }

  /** The same for a writer that has bytes behind `position` already, and is at `place`. */
  ensureAt(place: number, bytes: number): void {
    if (place + bytes > this.memory.length) this.grow(place, bytes);
  }

  private grow(place: number, bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.memory.length * 2, place + bytes));
    this.memory.copy(larger, 0, 0, place);
    this.buffer = larger;
  }
}

function viewOf(memory: Buffer): DataView {
  return new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
}
