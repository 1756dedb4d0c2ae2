import type { Message } from "@bufbuild/protobuf";

/** The bytes of a shared message after its first encoding, and the plan that encoded it. */
export interface SharedBytes {
  encodedBy: object | undefined;
  bytes: Uint8Array | undefined;
}

const sharedBytes = Symbol("shared bytes");

interface Shareable {
  readonly [sharedBytes]?: SharedBytes;
}

/**
 * Marks a message that is sent to many streams: it is encoded once, and its bytes are copied from then on. The message, and
 * those nested in it, must not change afterwards. Returns the same object. Works for messages that are nested in others,
 * too. Throws a TypeError for a frozen message: share it first, then freeze it.
 */
export function share<T extends Message>(message: T): T {
  // Not enumerable, or a changed copy made with { ...message } would be sent as the bytes of the original.
  if (sharedBytesOf(message) === undefined) Object.defineProperty(message, sharedBytes, { value: noBytes() });
  return message;
}

/** Returns the bytes of a shared message; undefined if the message is not shared. */
export function sharedBytesOf(message: Message): SharedBytes | undefined {
  return (message as Shareable)[sharedBytes];
}

function noBytes(): SharedBytes {
  return { encodedBy: undefined, bytes: undefined };
}

/** The size of a block, in bytes. A copy keeps at most one block in memory. */
const blockBytes = 4 * 1024;

// Longer copies have separate memory: its cost is small compared with that of their encoding.
const maxSharedBlockBytes = blockBytes / 8;

let block = new Uint8Array(blockBytes);
let used = 0;

/** Copies bytes. Short copies share blocks of memory, because an allocation for each takes 0.5 µs. */
export function keepCopy(bytes: Uint8Array): Uint8Array {
  const length = bytes.length;
  if (length > maxSharedBlockBytes) return new Uint8Array(bytes);
  if (used + length > blockBytes) {
    block = new Uint8Array(blockBytes);
    used = 0;
  }
  const copy = block.subarray(used, used + length);
  copy.set(bytes);
  used += length;
  return copy;
}
