/**
 * Calls a function for each message before it is handed over; what the function throws, the reader gets. Written out, as
 * an async generator would cost several times as much a message.
 */
export function onEachMessage<T>(messages: AsyncIterable<T>, seen: (message: T) => void): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const source = messages[Symbol.asyncIterator]();
      return {
        async next() {
          const result = await source.next();
          if (result.done !== true) seen(result.value);
          return result;
        },
        return: (value) => source.return?.(value) ?? Promise.resolve({ done: true, value }),
        throw: (error) => source.throw?.(error) ?? Promise.reject(error),
      };
    },
  };
}
