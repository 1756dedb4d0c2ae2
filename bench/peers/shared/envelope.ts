const headerBytes = 5;

/** Wraps a message as gRPC does: a byte of flags (0: not compressed), four of its length, and the message. */
export function envelope(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(headerBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headerBytes);
  return frame;
}

/** Cuts a stream of bytes into the messages of its envelopes. */
export class EnvelopeReader {
  readonly #onMessage: (message: Buffer) => void;
  // The received pieces of the incomplete message. They are joined once, when it is complete.
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** Takes the next bytes. The messages that they complete are handed on, and may be views of them. */
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
