/**
 * Yields items in groups: as many as are there without a wait, at most `max`. Where the source fails, what came before
 * is yielded first.
 *
 * @param turn resolves after what is there already had its chance, as `setImmediate` does
 */
export async function* groupAvailable<T>(
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
    // Not waited for: a source on which nothing happens ends only with what feeds it.
    iterator.return?.().catch(() => {});
  }
}

/** Never rejects: a rejection that nobody waits for would end the process. */
function settled<T>(result: Promise<IteratorResult<T>>): Promise<IteratorResult<T> | { readonly error: unknown }> {
  return result.catch((error: unknown) => ({ error }));
}
