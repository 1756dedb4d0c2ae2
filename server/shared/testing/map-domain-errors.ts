import type { Interceptor } from "@connectrpc/connect";
import { toConnectError } from "../to-connect-error.ts";

/** Converts errors with {@link toConnectError} on routers in memory, which the transport does not serve. */
export const mapDomainErrors: Interceptor = (next) => async (request) => {
  try {
    const response = await next(request);
    return response.stream ? { ...response, message: mapErrors(response.message) } : response;
  } catch (error) {
    throw toConnectError(error);
  }
};

async function* mapErrors<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw toConnectError(error);
  }
}
