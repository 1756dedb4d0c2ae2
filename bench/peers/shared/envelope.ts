const headerBytes = 5;

/** Adds the gRPC envelope to a message: one byte of flags (0: not compressed) and four bytes of length. */
export function envelope(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(headerBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headerBytes);
  return frame;
}

/** Splits a byte stream into messages. */
export class EnvelopeReader {
  readonly #onMessage: (message: Buffer) => void;
  // The received parts of an incomplete message. They are joined once, when the message is complete.
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** Reads the next bytes, and passes on the messages that they complete. A message can be a view of the bytes. */
  push(data: Buffer): void {
    this.#pieces.push(data);
    this.#size += data.length;
    if (this.#size < this.#needed()) return;
    let bytes = this.#pieces.length === 1 ? data : Buffer.concat(this.#pieces);
    while (bytes.length >= headerBytes) {
      const end = headerBytes + bytes.readUInt32BE(1);
      if (bytes.length < end) break;
      this.#onMessage(bytes.subarray(headerBytes, end));
      bytes = bytes.subarray(end);
    }
    this.#pieces = bytes.length === 0 ? [] : [bytes];
    this.#size = bytes.length;
  }

  #needed(): number {
    const [first] = this.#pieces;
    if (first === undefined || first.length < headerBytes) return headerBytes;
    return headerBytes + first.readUInt32BE(1);
  }
}
