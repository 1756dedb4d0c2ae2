import { ConnectError } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { CallRecord } from "./call-record.ts";

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
