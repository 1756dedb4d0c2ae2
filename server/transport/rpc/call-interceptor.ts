import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
} from "@connectrpc/connect";
import { onEachMessage } from "../request/on-each-message.ts";
import type { RequestMessages } from "../request/request-messages.ts";
import type { EnvelopeWriter } from "../response/envelope-writer.ts";
import { handlerGraceMs, ResponsePump } from "../response/response-pump.ts";
import { truncateError } from "../response/truncate-error.ts";
import { type Call, callKey } from "./call.ts";
import { onlyMessage, yieldedBehind } from "./invoke-stream.ts";

/**
 * The outermost interceptor of every call: counts messages, remembers why the call failed, answers what is no
 * ConnectError with "internal error", and ends a call whose handler does not listen to its signal.
 */
export const callInterceptor: Interceptor = (next) => async (request) => {
  const call = request.contextValues.get(callKey);
  if (call === undefined) return next(request);
  const { signal } = request;
  try {
    if (request.stream) {
      const message = await requestMessages(request, call);
      const response = await orAbort(next({ ...request, message }), signal);
      if (!response.stream) throw new Error("a stream was answered with a single message");
      const writer = call.wire?.openEnvelopes(response.header, response.method.output);
      if (writer === undefined) return { ...response, message: guard(response.message, call, signal) };
      return { ...response, message: pumped(response, writer, call, signal) };
    }
    call.messagesIn = 1;
    const message = await unaryMessage(request, call);
    const response = await orAbort(next(message === request.message ? request : { ...request, message }), signal);
    call.messagesOut = 1;
    return response;
  } catch (error) {
    throw answer(error, call, signal);
  }
};

/** The message of a unary request, straight from the wire: Connect was given an empty one in its place. */
async function unaryMessage({ message, signal }: UnaryRequest, call: Call): Promise<Message> {
  const requests = call.wire?.requests;
  // Read before by answerGrpcCall.
  if (requests === undefined || requests.count > 0) return message;
  failOnAbort(requests, signal);
  return onlyMessage(requests, "unary");
}

/** The messages of a request, straight from the wire: Connect was given none. */
async function requestMessages({ message, signal }: StreamRequest, call: Call): Promise<AsyncIterable<Message>> {
  const requests = call.wire?.requests;
  if (requests === undefined) return onEachMessage(message, () => call.messagesIn++);
  // Throws where Connect found something wrong with the headers: an encoding, a deadline.
  if (message !== requests) await message[Symbol.asyncIterator]().next();
  failOnAbort(requests, signal);
  return requests;
}

function failOnAbort(requests: RequestMessages, signal: AbortSignal): void {
  const onAbort = () => requests.fail(ConnectError.from(signal.reason, Code.Canceled));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
}

/** Messages that have gone to the wire by the time that they are asked for: what is left to Connect is their end. */
function pumped(
  { message, method }: StreamResponse,
  writer: EnvelopeWriter,
  call: Call,
  signal: AbortSignal,
): AsyncIterable<never> {
  async function pump(): Promise<IteratorReturnResult<undefined>> {
    const source = yieldedBehind(message)[Symbol.asyncIterator]();
    const onMessage = () => call.messagesOut++;
    try {
      const giveWay = (step: () => void) => call.wire?.giveWay(step);
      await new ResponsePump({ source, schema: method.output, writer, signal, onMessage, giveWay }).run();
    } catch (error) {
      throw answer(error, call, signal);
    }
    return { done: true, value: undefined };
  }
  return { [Symbol.asyncIterator]: () => ({ next: pump }) };
}

function guard<T>(messages: AsyncIterable<T>, call: Call, signal: AbortSignal): AsyncIterable<T> {
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
            throw answer(error, call, signal);
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
 * Races promises, one after the other, with a signal: the one that is pending when the grace after the abort is over
 * rejects with the abort's reason. `Promise.race` would keep every promise of a long stream alive until the abort.
 */
function raceWithAbort<T>(signal: AbortSignal): { race(result: Promise<T>): Promise<T>; stop(): void } {
  let giveUp: ((reason: unknown) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => giveUp?.(signal.reason), handlerGraceMs);
    timer.unref();
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    race(result) {
      return new Promise<T>((resolve, reject) => {
        giveUp = reject;
        result.then(resolve, reject);
      });
    },
    stop() {
      giveUp = undefined;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}

/** The error for the client; the call keeps the original error for the log. */
function answer(thrown: unknown, call: Call, signal: AbortSignal): ConnectError {
  const error = call.wire?.mapError(thrown) ?? thrown;
  // Node's own waits reject with an AbortError that hides why the signal fired.
  const hidden = signal.aborted && error instanceof Error && error.name === "AbortError";
  call.failure = hidden ? signal.reason : error;
  if (hidden) return ConnectError.from(signal.reason, Code.Canceled);
  if (error instanceof ConnectError) return truncateError(error);
  return new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}
