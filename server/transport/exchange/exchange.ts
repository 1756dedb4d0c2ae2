import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConnectError } from "@connectrpc/connect";
import type { Connection } from "../port/client-connection.ts";
import type { CallMemory } from "../protection/call-memory-budget.ts";
import type { RequestBody } from "../request/request-body.ts";

/** Headers or trailers to send. Keys are in lower case. A list sends each of its values as a separate header field. */
export type OutgoingHeaders = Record<string, string | string[]>;

/** The part of a response after its headers. Default: a body. */
export type ResponseRest = "with trailers" | "without body";

/**
 * One HTTP request and its response, over any version of HTTP.
 *
 * The order of calls is `respond`, optionally `flush`, any number of `write`, `end`, each after the one before it has
 * returned. After the client has disconnected they do nothing, except that a pending `write` rejects.
 */
export interface Exchange {
  readonly httpVersion: "1.0" | "1.1" | "2.0";
  readonly method: string;
  /** The path and the query, as in `/a/b?c=d`, or `*`. */
  readonly target: string;
  readonly connection: Connection;
  /** The memory that the exchange holds. If `memory.isOpen` is false at the start, the exchange must be refused. */
  readonly memory: CallMemory;
  /** The address of the client, HOST:PORT. */
  readonly peer: string;
  readonly header: Headers;
  /** `http` or `https`, host and port, as in the request. */
  readonly origin: string;
  /** Whether the request names its host. If not, the host of `origin` is `unknown`. */
  readonly namesHost: boolean;
  /** The bytes of the request. Throws a ConnectError if the client disconnects. */
  readonly body: RequestBody;
  /** The largest block of headers or of trailers that the client accepts; Infinity if it announces none. */
  readonly maxHeaderListBytes: number;
  /** Aborts with a ConnectError on `cancel`, and if the client disconnects before the end of the response. */
  readonly signal: AbortSignal;
  /** Whether the client has disconnected. */
  readonly disconnected: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The part of `bytesOut` that is buffered here because the client has not read it. */
  readonly unsentBytes: number;
  /** Whether the headers are sent. */
  readonly responded: boolean;
  /** Headers that are added to every response. */
  extraHeaders: OutgoingHeaders;

  /**
   * Sets the status and the headers. They are sent with the first bytes of the body or on `flush`, so that a client whose
   * deadline is near receives all of a short response, or nothing. HTTP/2 must know when it sends the headers whether
   * `end` will send trailers, or whether the headers are the whole response, which gRPC calls trailers-only.
   */
  respond(status: number, headers: OutgoingHeaders, rest?: ResponseRest): void;
  /** Sends the status and the headers at once. */
  flush(): void;
  /** Sends bytes. Returns a promise if the client does not keep up: await it before the next write. */
  write(chunks: readonly Uint8Array[]): Promise<void> | undefined;
  /** Ends the response. Resolves when all bytes are passed to the network, or the client has disconnected. */
  end(trailers?: OutgoingHeaders): Promise<void>;
  /** Aborts the signal. The client is still connected: the response can have the reason. */
  cancel(reason: ConnectError): void;
  /** Closes the stream or the connection, so that the client does not take a part of the response for the whole. */
  abort(): void;
  /** Returns Node's own request and response, for code that needs them. Do not use the exchange afterwards. */
  toNode(): { request: IncomingMessage; response: ServerResponse };
}

/**
 * The headers of every response that a browser can read. Browsers then rely on the content type and do not guess it:
 * https://fetch.spec.whatwg.org/#x-content-type-options-header
 *
 * Native gRPC goes without them: browsers cannot use it, and each header costs a unary call about one percent.
 */
export const defaultResponseHeaders: Readonly<OutgoingHeaders> = { "x-content-type-options": "nosniff" };
