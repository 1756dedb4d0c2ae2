import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "pino";

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

// Codes that speak of a mistake of the server's own.
const serverFaults = new Set(["internal", "unknown"]);

/**
 * Writes one line for each call that has ended: an error with its cause and stack where a handler failed.
 *
 * Connect also answers what it cannot parse with such a code. That is the client's doing and gets no stack, so that a
 * few bytes of rubbish do not become a page of log.
 */
export function logCalls(log: Logger): (record: CallRecord) => void {
  return ({ failure, ...record }) => {
    const line = { ...record, durationMs: Math.round(record.durationMs * 10) / 10 };
    if (record.code === "data_loss") {
      // Bytes that changed on their way, as a checksum shows. What is damaged in the store reports itself.
      log.warn({ ...line, reason: failure instanceof Error ? failure.message : undefined }, "call failed");
    } else if (serverFaults.has(record.code) && failure instanceof ConnectError && failure.cause === undefined) {
      log.warn({ ...line, reason: failure.message }, "call failed");
    } else if (serverFaults.has(record.code)) {
      log.error({ ...line, err: rootCause(failure) }, "call failed");
    } else {
      log.info(failure instanceof Error ? { ...line, reason: failure.message } : line, "call");
    }
  };
}

function rootCause(failure: unknown): unknown {
  return failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure;
}
