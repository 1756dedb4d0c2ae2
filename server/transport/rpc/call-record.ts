import { Code } from "@connectrpc/connect";

/** What is known of a call when it has ended. */
export interface CallRecord {
  /** Package, service and method, as in `bourse.quote.v1.QuoteService/WatchQuotes`. */
  readonly method: string;
  readonly protocol: "grpc" | "grpc-web" | "connect";
  readonly httpVersion: string;
  /** The client's address, HOST:PORT. */
  readonly peer: string;
  /** `ok`, or the Connect code in snake case. */
  readonly code: string;
  readonly durationMs: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Bytes of the request's and the response's bodies, as they were on the wire. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Why the call failed: for the log only, never for the client. */
  readonly failure?: unknown;
}

/** The name of a Connect code as the protocols write it, such as `invalid_argument`. */
export function codeName(code: Code): string {
  const name: string = Code[code];
  return name.replace(/[A-Z]/g, (letter, at) => `${at > 0 ? "_" : ""}${letter.toLowerCase()}`);
}
