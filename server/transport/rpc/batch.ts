import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";

/** A message, or what `create` makes one of. */
type MessageLike = MessageInitShape<DescMessage>;

/** A batch that is being read: the messages behind the one that was read last. */
interface OpenBatch<T> {
  readonly messages: readonly T[];
  next: number;
}

/** Messages that are yielded in one step. */
export interface Batch<T> extends AsyncIterableIterator<T, undefined, undefined> {
  /** How many of them were taken so far: what a stream has sent that is broken off in the middle of a batch. */
  readonly taken: number;
}

const openBatches = new WeakMap<object, OpenBatch<unknown>>();

/**
 * Lets a handler yield many messages in one step: `yield* batch(rows)`. On the wire each is a message of its own, as if
 * they had been yielded one by one, which is also what every other consumer of the handler sees.
 *
 * The messages must be made with `create`; plain objects are sent too, only not faster.
 */
export function batch<T extends object>(messages: readonly T[]): Batch<T> {
  return new BatchReader(messages);
}

/** A class: to make an object literal with a getter took as long as to send a batch of a hundred messages. */
class BatchReader<T extends object> implements Batch<T> {
  readonly #open: OpenBatch<T>;
  #taken: number | undefined;

  constructor(messages: readonly T[]) {
    this.#open = { messages, next: 0 };
  }

  get taken(): number {
    return this.#taken ?? this.#read;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const open = this.#open;
    const value = open.messages[open.next];
    if (value === undefined) return Promise.resolve({ done: true, value: undefined });
    open.next++;
    if (open.next < open.messages.length) openBatches.set(value, open);
    return Promise.resolve({ done: false, value });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#taken ??= this.#read;
    this.#open.next = this.#open.messages.length;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get #read(): number {
    return Math.min(this.#open.next, this.#open.messages.length);
  }
}

/**
 * Takes over what follows a message that was read from a handler: the rest of its batch, which the handler then takes
 * for read. `undefined` where it was not yielded in a batch.
 */
export function takeRest(message: object): Iterator<MessageLike> | undefined {
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
