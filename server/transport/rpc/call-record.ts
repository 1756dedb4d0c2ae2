import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "pino";

/** The record of a call that has ended. */
export interface CallRecord {
  /** Package, service and method, as in `bourse.quote.v1.QuoteService/WatchQuotes`. */
  readonly method: string;
  readonly protocol: "grpc" | "grpc-web" | "connect";
  readonly httpVersion: string;
  /** The address of the client, HOST:PORT. */
  readonly peer: string;
  /** `ok`, or the Connect code in snake case, as in `invalid_argument`. */
  readonly code: string;
  readonly durationMs: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** The bytes of the bodies of request and response, as they were on the wire. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The error with which the call failed: for the log only, never for the client. */
  readonly failure?: unknown;
}

/** Returns the name of a Connect code in the protocols, such as `invalid_argument`. */
export function codeName(code: Code): string {
  const name: string = Code[code];
  return name.replace(/[A-Z]/g, (letter, at) => `${at > 0 ? "_" : ""}${letter.toLowerCase()}`);
}

// Codes of errors of the server itself.
const serverFaults = new Set(["internal", "unknown"]);

/**
 * Returns a function that logs one line for each call that has ended. If a handler failed, the line has the cause and the
 * stack. Connect uses the same codes for requests that it cannot parse: these are logged without a stack, so that a few
 * malformed bytes do not fill a page of log.
 */
export function logCalls(log: Logger): (record: CallRecord) => void {
  return ({ failure, ...record }) => {
    const line = { ...record, durationMs: Math.round(record.durationMs * 10) / 10 };
    if (record.code === "data_loss") {
      // Not a fault of the code, so there is no stack: a chunk did not match its checksum because its bytes changed in
      // transit, or the store is damaged, which the store has already logged.
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
