import type { Message } from "@bufbuild/protobuf";

/** The bytes of a shared message, once it was encoded, and what encoded it. */
export interface SharedBytes {
  encodedBy: object | undefined;
  bytes: Uint8Array | undefined;
}

const sharedBytes = Symbol("shared bytes");

interface Shareable {
  readonly [sharedBytes]?: SharedBytes;
}

/**
 * Marks a message that goes to many streams: it is encoded once, and its bytes are copied from then on. It must not
 * change afterwards, and neither must what it holds. Returns the same object. Works for a message that is sent itself
 * and for one nested in others. Throws a TypeError for a frozen message: freeze it after it was shared.
 */
export function share<T extends Message>(message: T): T {
  // Not enumerable, or a changed copy made with { ...message } would be sent as the bytes of the original.
  if (sharedBytesOf(message) === undefined) Object.defineProperty(message, sharedBytes, { value: noBytesYet() });
  return message;
}

/** What {@link share} keeps with a message; `undefined` for one that is not shared. */
export function sharedBytesOf(message: Message): SharedBytes | undefined {
  return (message as Shareable)[sharedBytes];
}

function noBytesYet(): SharedBytes {
  return { encodedBy: undefined, bytes: undefined };
}
