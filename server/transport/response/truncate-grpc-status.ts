import type { OutgoingHeaders } from "../exchange/exchange.ts";
import { sizeOfEntry } from "../rpc/metadata-rules.ts";

/**
 * Makes the trailers of a gRPC call fit what its client takes, as HTTP/2 counts it: a client that gets more ends the
 * call with an error of its own. Leaves out the details of the status, and then cuts its message. What a handler has set
 * stays: the error has how much fits.
 */
export function truncateGrpcStatus(trailers: OutgoingHeaders, maxBytes: number): void {
  if (maxBytes === Number.POSITIVE_INFINITY || sizeOf(trailers) <= maxBytes) return;
  delete trailers["grpc-status-details-bin"];
  const excess = sizeOf(trailers) - maxBytes;
  const message = trailers["grpc-message"];
  if (excess <= 0 || typeof message !== "string") return;
  // Not within an escape of a character, of which one may have four with three bytes each.
  const kept = message.slice(0, Math.max(message.length - excess, 0)).replace(/(?:%[0-9A-F]{0,2})+$/i, "");
  trailers["grpc-message"] = kept;
}

function sizeOf(trailers: OutgoingHeaders): number {
  let bytes = 0;
  for (const [key, values] of Object.entries(trailers)) {
    for (const value of typeof values === "string" ? [values] : values) bytes += sizeOfEntry(key, value);
  }
  return bytes;
}
