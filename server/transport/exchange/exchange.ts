import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConnectError } from "@connectrpc/connect";
import type { Session } from "../port/session.ts";
import type { CallMemory } from "../protection/call-memory.ts";
import type { RequestBody } from "../request/request-body.ts";

/** Headers or trailers to send: keys in lower case; a list sends each of its values on a line of its own. */
export type OutgoingHeaders = Record<string, string | string[]>;

/**
 * One HTTP request and its response, the same over every version of HTTP.
 *
 * `respond`, perhaps `flush`, then any number of `write`, then `end`, each after the one before it has returned. After the client is
 * gone they do nothing, except that a `write` that waits rejects.
 */
export interface Exchange {
  readonly httpVersion: "1.0" | "1.1" | "2.0";
  readonly method: string;
  /** The path and the query, as in `/a/b?c=d`. */
  readonly target: string;
  /** The connection that it is on. */
  readonly session: Session;
  /** What it holds in memory. Without room for it from the start it is to be refused. */
  readonly memory: CallMemory;
  /** The address of the client, HOST:PORT. */
  readonly peer: string;
  readonly header: Headers;
  /** `http` or `https`, host and port, as the client named them. */
  readonly origin: string;
  /** The bytes of the request. Throws a ConnectError when the client is gone. */
  readonly body: RequestBody;
  /** The largest block of headers or of trailers that the client says it takes; Infinity where it does not say. */
  readonly maxHeaderListBytes: number;
  /** Aborts when the client is gone before the response has ended, with a ConnectError that says how, and on `cancel`. */
  readonly signal: AbortSignal;
  /** The client is gone: nothing reaches it any more. */
  readonly gone: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Those of `bytesOut` that are buffered here because the client does not read, or has not yet. */
  readonly unsentBytes: number;
  readonly responded: boolean;
  /** Headers that the response gets whoever writes it. */
  extraHeaders: OutgoingHeaders;

  /**
   * Sets the status and the headers, which go out with the first bytes of the body or on `flush`: a client whose
   * deadline is near gets all of a short response, or nothing. `trailers` says that `end` will have some; HTTP/2 must
   * know by now.
   */
  respond(status: number, headers: OutgoingHeaders, trailers?: "with trailers"): void;
  /** Sends the status and the headers at once. */
  flush(): void;
  /** Sends bytes. Returns a promise where the client does not keep up: wait for it before the next write. */
  write(chunks: readonly Uint8Array[]): Promise<void> | undefined;
  /** Ends the response; resolves when everything was handed to the network, or the client is gone. */
  end(trailers?: OutgoingHeaders): Promise<void>;
  /** Aborts the signal. The client is still there, and can be told why. */
  cancel(reason: ConnectError): void;
  /** Cuts the response off, so that the client cannot take it for a whole one. */
  abort(): void;
  /** The same exchange as Node's own request and response, for code that is written against them. Use either. */
  toNode(): { request: IncomingMessage; response: ServerResponse };
}
