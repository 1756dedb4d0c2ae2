/** Returns the first field of a message, a number of up to 53 bits. Returns 0 if the field is absent. */
export function readNumber(message: Uint8Array): number {
  let value = 0;
  let factor = 1;
  for (let at = 1; at < message.length; at++) {
    const byte = message[at] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
    factor *= 0x80;
  }
  return value;
}
