import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";

/** What a handler's signal says when its client has gone away. */
export function clientGone(how: string): ConnectError {
  return new ConnectError(`the client went away: ${how}`, Code.Canceled);
}

/**
 * The chunks of a request body. `count` is told the size of each.
 *
 * Giving up half-way leaves the stream open: Node would destroy it, and the response with it.
 */
export function readBody(stream: Readable, count: (bytes: number) => void): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
          count(chunk.byteLength);
          yield chunk;
        }
      } catch (error) {
        throw clientGone(error instanceof Error ? error.message : String(error));
      }
    },
  };
}

/** Node's request headers as web `Headers`, without the pseudo-headers of HTTP/2. */
export function toWebHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) {
    if (value === undefined || name.startsWith(":")) continue;
    if (typeof value === "string") headers.append(name, value);
    else for (const each of value) headers.append(name, each);
  }
  return headers;
}
