/**
 * Groups the items of a source: each group has the items that are available without waiting, at most `max`. If the source
 * fails, the items before the failure are yielded first.
 *
 * @param turn resolves after available items have arrived, as `setImmediate` does
 */
export async function* groupAvailableItems<T>(
  items: AsyncIterable<T>,
  max: number,
  turn: () => Promise<unknown>,
): AsyncGenerator<T[]> {
  const iterator = items[Symbol.asyncIterator]();
  let group: T[] = [];
  let next = settled(iterator.next());
  try {
    for (;;) {
      const result = await (group.length === 0 ? next : Promise.race([next, turn().then(() => undefined)]));
      if (result !== undefined && "value" in result && !result.done) {
        group.push(result.value);
        next = settled(iterator.next());
        if (group.length < max) continue;
      }
      if (group.length > 0) yield group;
      group = [];
      if (result === undefined) continue;
      if ("error" in result) throw result.error;
      if (result.done) return;
    }
  } finally {
    // Not awaited: a generator that waits for input returns only after the input has arrived.
    iterator.return?.().catch(() => {});
  }
}

/** Turns a rejection into a result: an unhandled rejection would end the process. */
function settled<T>(result: Promise<IteratorResult<T>>): Promise<IteratorResult<T> | { readonly error: unknown }> {
  return result.catch((error: unknown) => ({ error }));
}
