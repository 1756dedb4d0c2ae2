/** The types of HTTP/2 frames, RFC 9113 section 6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** The flags of HTTP/2 frames; `ack` and `endStream` are the same bit, on different frames. */
export const frameFlags = { none: 0, ack: 1, endStream: 1, endHeaders: 4 } as const;

/** The settings that attacks use, RFC 9113 section 6.5.2. */
export const settingIds = { initialWindowSize: 4, headerTableSize: 1 } as const;

/** The client connection preface before the SETTINGS frame, RFC 9113 section 3.4. */
export const clientPreface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const maxWindow = 2 ** 31 - 1;

/** Encodes a frame without validation. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frame(frameTypes.settings, frameFlags.none, 0, payload);
}

export function windowUpdateFrame(stream: number, increment: number): Buffer {
  return frame(frameTypes.windowUpdate, frameFlags.none, stream, uint32(increment));
}

export function resetFrame(stream: number, code: number): Buffer {
  return frame(frameTypes.reset, frameFlags.none, stream, uint32(code));
}

/** Encodes an HPACK header block of never-indexed literals, which can contain any bytes. */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), hpackText(name), hpackText(value)]));
}

/** Encodes an HPACK string without Huffman coding. */
export function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([hpackLength(bytes.length), bytes]);
}

/** Encodes an envelope of gRPC, gRPC-Web and Connect. `claimed` is the length in its prefix. */
export function envelope(flags: number, payload: Uint8Array, claimed = payload.length): Buffer {
  return Buffer.concat([Buffer.of(flags), uint32(claimed), payload]);
}

function hpackLength(length: number): Buffer {
  if (length < 127) return Buffer.of(length);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
