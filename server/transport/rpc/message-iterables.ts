import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** An empty stream. Connect reads it instead of messages or bytes that the transport reads or writes itself. */
export const emptyStream: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

/**
 * Calls a function for each message before the reader receives it. The reader receives what the function throws. It is
 * no async generator, because one takes several times as long for each message.
 */
export function onEachMessage<T>(messages: AsyncIterable<T>, onMessage: (message: T) => void): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const source = messages[Symbol.asyncIterator]();
      const onResult = (result: IteratorResult<T>) => {
        if (result.done !== true) onMessage(result.value);
        return result;
      };
      return {
        next: () => source.next().then(onResult),
        return: (value) => source.return?.(value) ?? Promise.resolve({ done: true, value }),
        throw: (error) => source.throw?.(error) ?? Promise.reject(error),
      };
    },
  };
}

/** Reads the only message of a request. Throws a ConnectError with UNIMPLEMENTED if there is none, or more than one. */
export async function onlyMessage(requests: AsyncIterable<Message>, kind: string): Promise<Message> {
  const messages = requests[Symbol.asyncIterator]();
  const first = await messages.next();
  if (first.done === true) {
    throw new ConnectError(`protocol error: missing input message for ${kind} method`, Code.Unimplemented);
  }
  if ((await messages.next()).done !== true) {
    throw new ConnectError(`protocol error: received extra input message for ${kind} method`, Code.Unimplemented);
  }
  return first.value;
}
