/** The number of a message whose first field is a number of up to 53 bits, and 0 where it is left out. */
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
