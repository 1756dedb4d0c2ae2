import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";

/** A message, or a plain object that `create` makes one of. */
type MessageLike = MessageInitShape<DescMessage>;

/** A batch that is read in part. */
interface OpenBatch<T> {
  readonly messages: readonly T[];
  /** The index of the next message. */
  next: number;
}

/** Messages that are yielded in one step. */
export interface Batch<T> extends AsyncIterableIterator<T, undefined, undefined> {
  /** The number of messages that were read so far. If a stream breaks within a batch, these messages were sent. */
  readonly taken: number;
}

/**
 * The open batch of a message that a handler has just yielded. The generator of a handler passes nothing but the message
 * to its reader, so the rest of the batch is found by the message itself: {@link takeRestOfBatch} reads it in a loop,
 * without a promise for each message (docs/decisions/0029-handler-output.md).
 */
const openBatches = new WeakMap<object, OpenBatch<unknown>>();

/**
 * Lets a handler yield many messages in one step: `yield* batch(rows)`. Each is a separate message on the wire, as if
 * the handler had yielded them one by one. Every other reader of the handler also sees them one by one.
 *
 * Make the messages with `create`: plain objects are sent, too, but no faster than one by one.
 */
export function batch<T extends object>(messages: readonly T[]): Batch<T> {
  return new BatchReader(messages);
}

/**
 * This is a class, because creating an object literal with a getter takes as long as sending a batch of a hundred
 * messages.
 */
class BatchReader<T extends object> implements Batch<T> {
  readonly #batch: OpenBatch<T>;
  #taken: number | undefined;

  constructor(messages: readonly T[]) {
    this.#batch = { messages, next: 0 };
  }

  get taken(): number {
    return this.#taken ?? this.#readCount;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const open = this.#batch;
    const value = open.messages[open.next];
    if (value === undefined) return Promise.resolve({ done: true, value: undefined });
    open.next++;
    if (open.next < open.messages.length) openBatches.set(value, open);
    return Promise.resolve({ done: false, value });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#taken ??= this.#readCount;
    this.#batch.next = this.#batch.messages.length;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get #readCount(): number {
    return Math.min(this.#batch.next, this.#batch.messages.length);
  }
}

/**
 * Takes the messages of a batch that follow a message which was read from a handler. The handler's own iterator then
 * skips them. Returns undefined if the message is the last of its batch, or belongs to no batch.
 */
export function takeRestOfBatch(message: object): Iterator<MessageLike> | undefined {
  const open = openBatches.get(message) as OpenBatch<MessageLike> | undefined;
  if (open === undefined) return undefined;
  openBatches.delete(message);
  return {
    next() {
      const value = open.messages[open.next++];
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    },
  };
}
