/** The wire types of protobuf. */
export const wireTypes = { varint: 0, fixed64: 1, lengthDelimited: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

// Writes protobuf without validation, so that it can be malformed.

/** Encodes a varint. `width` pads it to that number of bytes, which makes it overlong. */
export function varint(value: number | bigint, width = 0): Buffer {
  if (typeof value === "number" && value >= 0 && value <= maxFastVarint && width === 0) return fastVarint(value);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  } while (rest > 0n || bytes.length < width);
  bytes.push((bytes.pop() ?? 0) & 0x7f);
  return Buffer.from(bytes);
}

const maxFastVarint = 2 ** 32 - 1;

function fastVarint(value: number): Buffer {
  if (value < 0x80) return Buffer.of(value);
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** The tag of a field. */
export function tag(fieldNumber: number, wireType: number): Buffer {
  return varint(fieldNumber * 8 + wireType);
}

/** A field of varint type. */
export function varintField(fieldNumber: number, value: number | bigint, width = 0): Buffer {
  return Buffer.concat([tag(fieldNumber, wireTypes.varint), varint(value, width)]);
}

/** A string, bytes, packed or message field. */
export function lengthDelimited(fieldNumber: number, payload: Uint8Array): Buffer {
  return Buffer.concat([tag(fieldNumber, wireTypes.lengthDelimited), varint(payload.length), payload]);
}

/** Returns as many copies of a pattern as fit, at least one. */
export function filled(pattern: Uint8Array, maxBytes: number): Buffer {
  const copies = Math.max(1, Math.floor(maxBytes / pattern.length));
  return Buffer.alloc(copies * pattern.length, pattern);
}

/** Returns a length-delimited field filled with a pattern, of at most `maxBytes` with its tag and length. */
export function filledField(fieldNumber: number, pattern: Uint8Array, maxBytes: number): Buffer {
  return lengthDelimited(fieldNumber, filled(pattern, maxBytes - maxPrefixBytes));
}

/** Returns nested messages with these field numbers, repeated, as deep as `maxBytes` allow. */
export function nestedMessages(fieldNumbers: readonly number[], maxBytes: number, maxDepth = Infinity): Buffer {
  const bytes = Buffer.allocUnsafe(maxBytes);
  const tags = fieldNumbers.map((fieldNumber) => tag(fieldNumber, wireTypes.lengthDelimited)).reverse();
  let start = maxBytes;
  let whole = start;
  // Builds from the inside out, because each length depends on the content. The outermost field is the first number.
  for (let depth = 1; depth <= maxDepth; depth++) {
    const prefix = tags[(depth - 1) % tags.length] ?? Buffer.of();
    const length = varint(maxBytes - start);
    if (start < prefix.length + length.length) break;
    start -= length.copy(bytes, start - length.length);
    start -= prefix.copy(bytes, start - prefix.length);
    if (depth % tags.length === 0) whole = start;
  }
  return bytes.subarray(whole);
}

/** Returns nested groups. Without end tags the message is incomplete. */
export function nestedGroups(fieldNumber: number, depth: number, closed: boolean): Buffer {
  const start = tag(fieldNumber, wireTypes.startGroup);
  const end = tag(fieldNumber, wireTypes.endGroup);
  const opened = Buffer.alloc(depth * start.length, start);
  return closed ? Buffer.concat([opened, Buffer.alloc(depth * end.length, end)]) : opened;
}

/** The maximum size of a field's tag and length. */
export const maxPrefixBytes = 10;
