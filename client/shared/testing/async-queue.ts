/** How a queue ends: closed by the producer, or failed with an error. */
type End = { readonly kind: "closed" } | { readonly kind: "failed"; readonly error: unknown };

/**
 * A first-in, first-out queue for tests, for example for the requests of a stream: producers push items without waiting,
 * consumers await them. Each item reaches one consumer. The queue is unbounded.
 *
 * It is iterated with `for await`. Leaving the loop closes the queue and discards its items.
 */
export class AsyncQueue<T> implements AsyncIterable<T, undefined, undefined> {
  readonly #items: T[] = [];
  /** The calls of `next` that have no item yet. Empty if there are items. */
  readonly #consumers: PromiseWithResolvers<IteratorResult<T, undefined>>[] = [];
  #end: End | undefined;

  /** The number of items that no consumer has taken. */
  get size(): number {
    return this.#items.length;
  }

  /** Appends an item. Does nothing after the end. */
  push(item: T): void {
    if (this.#end !== undefined) return;
    const consumer = this.#consumers.shift();
    if (consumer === undefined) this.#items.push(item);
    else consumer.resolve({ done: false, value: item });
  }

  /** Ends the queue. Consumers receive the remaining items first. */
  close(): void {
    this.#finish({ kind: "closed" });
  }

  /** Ends the queue with an error: one `next` after the remaining items rejects with it, all others are done. */
  fail(error: unknown): void {
    this.#finish({ kind: "failed", error });
  }

  /** Takes the oldest item. Waits for the next one if the queue is empty. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) return Promise.resolve({ done: false, value: this.#items.shift() as T });
    const consumer = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.#consumers.push(consumer);
    if (this.#end !== undefined) this.#finish(this.#end);
    return consumer.promise;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined, undefined> {
    try {
      for (let result = await this.next(); !result.done; result = await this.next()) yield result.value;
      return undefined;
    } finally {
      this.close();
      this.#items.length = 0;
    }
  }

  #finish(end: End): void {
    this.#end ??= end;
    for (const consumer of this.#consumers.splice(0)) {
      if (this.#end.kind === "closed") consumer.resolve({ done: true, value: undefined });
      else {
        consumer.reject(this.#end.error);
        this.#end = { kind: "closed" };
      }
    }
  }
}
