import { create, type DescMessage, type Message } from "@bufbuild/protobuf";

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
