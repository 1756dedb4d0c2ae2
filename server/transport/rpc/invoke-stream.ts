import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
  type StreamRequest,
  type StreamResponse,
} from "@connectrpc/connect";

type StreamSpec = Exclude<MethodImplSpec, { kind: "unary" }>;

/** Calls the implementation of a stream through its interceptors, the first one outermost. */
export async function invokeStream(
  spec: StreamSpec,
  context: HandlerContext,
  message: AsyncIterable<Message>,
  interceptors: readonly Interceptor[],
): Promise<AsyncIterable<Message>> {
  const common = { stream: true, method: spec.method, service: spec.method.parent } as const;
  const { requestMethod, requestHeader: header, url, signal, values: contextValues } = context;
  const innermost = async (request: StreamRequest): Promise<StreamResponse> => {
    const seen = { ...context, requestHeader: request.header, signal: request.signal, values: request.contextValues };
    const answers = await implementation(spec, request.message, seen);
    return { ...common, message: answers, header: context.responseHeader, trailer: context.responseTrailer };
  };
  // An interceptor is typed for calls of every kind; a stream goes through as a stream.
  const outermost = interceptors.reduceRight<ReturnType<Interceptor>>(
    (next, interceptor) => interceptor(next),
    innermost as ReturnType<Interceptor>,
  );
  const response = await outermost({ ...common, message, requestMethod, header, url, signal, contextValues });
  if (!response.stream) throw new Error("an interceptor answered a stream with a single message");
  return response.message;
}

async function implementation(
  spec: StreamSpec,
  requests: AsyncIterable<Message>,
  context: HandlerContext,
): Promise<AsyncIterable<Message>> {
  switch (spec.kind) {
    case "server_streaming":
      return whole(spec.method.output, spec.impl(await onlyMessage(requests, "server-streaming"), context));
    case "client_streaming":
      return only(create(spec.method.output, await spec.impl(requests, context)));
    case "bidi_streaming":
      return whole(spec.method.output, spec.impl(requests, context));
  }
}

/** The one message of a request. Throws a ConnectError where there is none, or more. */
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

async function* only(message: Message): AsyncIterable<Message> {
  yield message;
}

const yieldedObjects = Symbol("what the handler yields");

interface Whole extends AsyncIterable<Message> {
  readonly [yieldedObjects]: AsyncIterable<object>;
}

/** What a handler yields, before messages were made of it: for whoever makes them itself, at less cost. */
export function yieldedBehind(messages: AsyncIterable<Message>): AsyncIterable<object> {
  return (messages as Partial<Whole>)[yieldedObjects] ?? messages;
}

/** Makes messages of what a handler yields, which may be plain objects. */
function whole(schema: DescMessage, yielded: AsyncIterable<object>): Whole {
  const toMessage = (result: IteratorResult<object>): IteratorResult<Message> =>
    result.done === true ? result : { done: false, value: create(schema, result.value as Message) };
  return {
    [yieldedObjects]: yielded,
    [Symbol.asyncIterator]() {
      const source = yielded[Symbol.asyncIterator]();
      return {
        next: () => source.next().then(toMessage),
        return: (value) => source.return?.(value).then(toMessage) ?? Promise.resolve({ done: true, value }),
        throw: (error) => source.throw?.(error).then(toMessage) ?? Promise.reject(error),
      };
    },
  };
}
