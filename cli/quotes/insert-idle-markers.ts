/**
 * Yields the items of a source, and `idle` each time that it has yielded none for `idleMs` milliseconds. Ends and fails
 * as the source does.
 */
export async function* insertIdleMarkers<T>(items: AsyncIterable<T>, idleMs: number): AsyncGenerator<T | "idle"> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = iterator.next();
      next.catch(() => {}); // it is awaited below; until then a rejection must not count as unhandled
      while (await isPendingAfter(next, idleMs)) yield "idle";
      const result = await next;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    // Not awaited: a generator that waits for input returns only after the input has arrived.
    iterator.return?.().catch(() => {});
  }
}

/** Whether a promise is still pending after `millis` milliseconds. */
async function isPendingAfter(promise: Promise<unknown>, millis: number): Promise<boolean> {
  const timeout = Promise.withResolvers<"pending">();
  const timer = setTimeout(() => timeout.resolve("pending"), millis);
  try {
    return (await Promise.race([promise, timeout.promise])) === "pending";
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
