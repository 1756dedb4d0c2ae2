/**
 * Yields the items of a source, and "pause" each time that none came for `pauseMs`. Ends as the source does, and fails
 * as it does.
 */
export async function* withPauses<T>(items: AsyncIterable<T>, pauseMs: number): AsyncGenerator<T | "pause"> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = iterator.next();
      // Also awaited below: until then a failure must not count as unhandled.
      next.catch(() => {});
      while (await isLate(next, pauseMs)) yield "pause";
      const result = await next;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    // Not waited for: a source on which nothing happens ends only with what feeds it.
    iterator.return?.().catch(() => {});
  }
}

/** Whether a promise is still pending after so long. */
async function isLate(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<true>();
  const timer = setTimeout(() => late.resolve(true), ms);
  try {
    return (await Promise.race([promise, late.promise])) === true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
