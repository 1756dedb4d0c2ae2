import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
} from "@connectrpc/connect";
import type { RequestMessages } from "../request/read-request-messages.ts";
import { type EnvelopeWriter, handlerGraceMs, ResponsePump } from "../response/response-pump.ts";
import { truncateError } from "../response/truncate-error.ts";
import { type Call, callKey } from "./call.ts";
import { HandlerOutput } from "./handler-output.ts";
import { emptyStream, onEachMessage, onlyMessage } from "./message-iterables.ts";

/**
 * The outermost interceptor of every call. It
 *
 * - replaces Connect's empty request by the messages that the transport has decoded,
 * - pumps the messages of a stream to the client, unless they are JSON, and leaves an empty stream to Connect,
 * - counts messages and records why the call fails,
 * - maps errors: one that is no ConnectError becomes "internal error",
 * - ends a call whose handler ignores its signal for {@link handlerGraceMs}.
 */
export const wireInterceptor: Interceptor = (next) => async (request) => {
  const call = request.contextValues.get(callKey);
  if (call === undefined) return next(request);
  const { signal } = request;
  try {
    if (request.stream) {
      const message = await requestMessages(request, call);
      const response = await orAbort(next({ ...request, message }), signal);
      if (!response.stream) throw new Error("an interceptor answered a stream with a single message");
      const writer = call.wire?.openEnvelopes(response.header, response.method.output);
      if (writer === undefined) return { ...response, message: countUntilAborted(response.message, call, signal) };
      await pumpMessages(response, writer, call, signal);
      return { ...response, message: emptyStream };
    }
    call.messagesIn = 1;
    const message = await unaryMessage(request, call);
    const response = await orAbort(next(message === request.message ? request : { ...request, message }), signal);
    call.messagesOut = 1;
    return response;
  } catch (error) {
    throw errorForClient(error, call, signal);
  }
};

/** Returns the message of a unary request, as the transport decodes it: Connect has an empty one. */
async function unaryMessage({ message, signal }: UnaryRequest, call: Call): Promise<Message> {
  const requests = call.wire?.requests;
  // answerGrpcCall has read it already.
  if (requests === undefined || requests.count > 0) return message;
  failOnAbort(requests, signal);
  return onlyMessage(requests, "unary");
}

/** Returns the messages of a streaming request, as the transport decodes them: Connect has an empty stream. */
async function requestMessages({ message, signal }: StreamRequest, call: Call): Promise<AsyncIterable<Message>> {
  const requests = call.wire?.requests;
  if (requests === undefined) return onEachMessage(message, () => call.messagesIn++);
  // Connect reports an invalid encoding or deadline in the headers by an error of its empty stream.
  if (message !== requests) await message[Symbol.asyncIterator]().next();
  failOnAbort(requests, signal);
  return requests;
}

function failOnAbort(requests: RequestMessages, signal: AbortSignal): void {
  const onAbort = () => requests.fail(ConnectError.from(signal.reason, Code.Canceled));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
}

/** Writes all messages of a response to the wire. */
function pumpMessages(
  { message, method }: StreamResponse,
  writer: EnvelopeWriter,
  call: Call,
  signal: AbortSignal,
): Promise<void> {
  const output = message instanceof HandlerOutput ? message.yielded : message;
  return new ResponsePump({
    source: output[Symbol.asyncIterator](),
    schema: method.output,
    writer,
    signal,
    onMessage: () => call.messagesOut++,
    enqueue: (step) => call.wire?.enqueue(step),
  }).run();
}

/** The messages of a response that Connect writes: counted, and ended after an abort if the handler ignores it. */
function countUntilAborted<T>(messages: AsyncIterable<T>, call: Call, signal: AbortSignal): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const source = onEachMessage(messages, () => call.messagesOut++)[Symbol.asyncIterator]();
      const untilAborted = raceWithAbort<IteratorResult<T>>(signal);
      return {
        async next() {
          try {
            const result = await untilAborted.race(source.next());
            if (result.done === true) untilAborted.stop();
            return result;
          } catch (error) {
            untilAborted.stop();
            throw errorForClient(error, call, signal);
          }
        },
        return(value) {
          untilAborted.stop();
          return source.return?.(value) ?? Promise.resolve({ done: true, value });
        },
        throw(error) {
          untilAborted.stop();
          return source.throw?.(error) ?? Promise.reject(error);
        },
      };
    },
  };
}

async function orAbort<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const untilAborted = raceWithAbort<T>(signal);
  try {
    return await untilAborted.race(result);
  } finally {
    untilAborted.stop();
  }
}

/**
 * Races promises with a signal, one after the other. The promise that is pending {@link handlerGraceMs} after the abort
 * rejects with the reason of the abort. `Promise.race` would keep every promise of a long stream in memory until then.
 */
function raceWithAbort<T>(signal: AbortSignal): { race(result: Promise<T>): Promise<T>; stop(): void } {
  let rejectPending: ((reason: unknown) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => rejectPending?.(signal.reason), handlerGraceMs);
    timer.unref();
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    race(result) {
      return new Promise<T>((resolve, reject) => {
        rejectPending = reject;
        result.then(resolve, reject);
      });
    },
    stop() {
      rejectPending = undefined;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}

/** Returns the error for the client, and records the original one for the log. */
function errorForClient(thrown: unknown, call: Call, signal: AbortSignal): ConnectError {
  const error = call.wire?.mapError(thrown) ?? thrown;
  // A wait of Node's rejects with an AbortError, which does not have the reason of the abort.
  const isAbortError = signal.aborted && error instanceof Error && error.name === "AbortError";
  call.failure = isAbortError ? signal.reason : error;
  if (isAbortError) return ConnectError.from(signal.reason, Code.Canceled);
  if (error instanceof ConnectError) return truncateError(error);
  return new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}
