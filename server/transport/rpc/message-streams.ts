import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
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

/**
 * The output of a streaming handler, as interceptors see it. A handler may yield plain objects; iteration makes messages
 * of them.
 *
 * The response pump reads {@link yielded} and makes the messages itself, which saves a promise for each message
 * (docs/decisions/0029-handler-output.md). If an interceptor wraps the output, the pump reads the wrapper.
 */
export class HandlerOutput implements AsyncIterable<Message> {
  /** What the handler yields: messages, or plain objects that `create` accepts. */
  readonly yielded: AsyncIterable<object>;
  readonly #schema: DescMessage;

  constructor(schema: DescMessage, yielded: AsyncIterable<object>) {
    this.#schema = schema;
    this.yielded = yielded;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    const source = this.yielded[Symbol.asyncIterator]();
    const toMessage = (result: IteratorResult<object>): IteratorResult<Message> =>
      result.done === true ? result : { done: false, value: create(this.#schema, result.value as Message) };
    return {
      next: () => source.next().then(toMessage),
      return: (value) => source.return?.(value).then(toMessage) ?? Promise.resolve({ done: true, value }),
      throw: (error) => source.throw?.(error).then(toMessage) ?? Promise.reject(error),
    };
  }
}
