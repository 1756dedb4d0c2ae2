/** Bytes that grow at their end. Encoders write straight into `buffer` from `position` on. */
export class ByteSink {
  /** The memory, replaced by a larger one when it runs out. */
  buffer: Buffer;
  /** Where the next byte goes. */
  position = 0;

  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for that many bytes more; what is there moves along. */
  ensure(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.buffer.length));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }
}
