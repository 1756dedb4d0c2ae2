import type { DescMethod, Message } from "@bufbuild/protobuf";
import { type CallOptions, createClient, type Transport } from "@connectrpc/connect";

export interface MethodCall extends CallOptions {
  readonly transport: Transport;
  readonly method: DescMethod;
  /** The messages to send: exactly one, unless the client streams. They are taken while responses arrive. */
  readonly requests: AsyncIterable<Message>;
}

/** The methods of a client whose service is known at run time only. */
type DynamicClient = Readonly<
  Record<string, (request: Message | AsyncIterable<Message>, options: CallOptions) => unknown>
>;

/**
 * Calls a method of any kind, and yields its responses. Takes requests no faster than they are sent. Throws the error of
 * `requests` if that fails, otherwise the `ConnectError` of the call.
 */
export async function* invokeMethod({ transport, method, requests, ...options }: MethodCall): AsyncGenerator<Message> {
  const client = createClient(method.parent, transport) as unknown as DynamicClient;
  const call = (request: Message | AsyncIterable<Message>) => client[method.localName]?.(request, options);
  let requestError: { readonly error: unknown } | undefined;
  const recorded = (async function* () {
    try {
      yield* requests;
    } catch (error) {
      requestError = { error };
      throw error;
    }
  })();
  try {
    switch (method.methodKind) {
      case "unary":
        yield (await call(await first(recorded))) as Message;
        break;
      case "server_streaming":
        yield* call(await first(recorded)) as AsyncIterable<Message>;
        break;
      case "client_streaming":
        yield (await call(recorded)) as Message;
        break;
      case "bidi_streaming":
        yield* call(recorded) as AsyncIterable<Message>;
        break;
    }
  } catch (error) {
    throw requestError === undefined ? error : requestError.error;
  }
}

async function first(messages: AsyncGenerator<Message>): Promise<Message> {
  const { value, done } = await messages.next();
  if (done === true) throw new Error("the method takes one message, and none was given");
  return value;
}
